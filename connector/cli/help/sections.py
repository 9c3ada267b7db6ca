"""The sections of help pages: which command and which option stands under which heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMMANDS: dict[str, tuple[str, ...]] = {
    "Call the service": ("list", "show", "choices", "run", "request", "download", "bulk"),
    "Sign in and set up": ("connect", "connections", "config", "doctor", "completion", "help"),
    "Try, see, keep": ("sandbox", "runs", "records", "console"),
    "Serve": ("webhook", "mcp"),
    "Look after it": ("backup", "restore"),
    "Write a connector": ("new", "new-action", "import", "lint", "test", "docs", "stubs", "export", "diff"),
}
_OPTIONS: dict[str, tuple[str, ...]] = {
    "Inputs": ("--input", "--file", "--schema", "-q", "-H", "-d", "-F"),
    "How it is called": (
        "--limit", "--page-size", "--paginate", "--items", "--response-type", "--timeout", "--retry", "--no-wait",
        "--keep-going", "--dry-run", "--yes", "--overwrite", "--max-age", "--stale-if-error", "--no-overlap",
    ),
    "Rows and steps": (
        "--map", "--rows-format", "--concurrency", "--journal", "--on", "--restart", "--retry-failed", "--resolve",
        "--resume", "--settle",
    ),
    "Who calls": ("--connection", "--profile", "--store", "--store-key-file", "--base-url", "--account"),
    "Sandbox": ("--sandbox", "--fault", "--webhook-url"),
    "Output": ("--output", "--columns", "-r", "--query", "--har", "--curl", "--debug"),
    "Every command": ("--connector", "--quiet", "--no-pager", "--version", "--help"),
}  # fmt: skip
OTHERS = "Options"  # what stands under no heading of its own
_LAST = "Every command"
_MAX_IN_ONE = 12  # options; a command with so few has them under one heading


def sort_commands(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of commands under their headings; one that has none is among the first."""
    names = list(names)
    known = {name for section in _COMMANDS.values() for name in section}
    sections = {heading: [name for name in section if name in names] for heading, section in _COMMANDS.items()}
    first = next(iter(sections))
    sections[first] += [name for name in names if name not in known]
    return {heading: section for heading, section in sections.items() if section}


def sort_options(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of options under their headings, those of every command last."""
    heading_by_name = {name: heading for heading, section in _OPTIONS.items() for name in section}
    sections: dict[str, list[str]] = {heading: [] for heading in (OTHERS, *_OPTIONS)}
    for name in names:
        sections[heading_by_name.get(name, OTHERS)].append(name)
    own = [name for heading, section in sections.items() if heading != _LAST for name in section]
    if len(own) <= _MAX_IN_ONE:
        sections = {OTHERS: own, _LAST: sections[_LAST]}
    return {heading: section for heading, section in sections.items() if section}
