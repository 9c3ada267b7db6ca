"""Flags that people try because other programs have them, or write with one dash, each with the one that they mean."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from connector.definition.case import to_flag_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# What is meant, by the first of these that the command has; its first word is the flag.
_BY_MEANING: dict[str, tuple[str, ...]] = {
    "--output": ("-o", "--format", "--out-format", "--output-format", "--as"),
    "--output json": ("--json", "-j"),
    "--output csv": ("--csv",),
    "--output yaml": ("--yaml",),
    "--output table": ("--table", "--pretty"),
    "--output text": ("--text", "--raw", "--raw-output", "--bare"),
    "--query": ("--jq", "--filter", "--jmespath", "--select", "--path"),
    "--columns": ("--fields", "--cols"),
    "--yes": ("-y", "--force", "--confirm", "--assume-yes", "--no-confirm"),
    "--debug": ("-v", "-vv", "--verbose", "--trace", "--log-level"),
    "--quiet": ("--silent", "-s", "--no-progress"),
    "--dry-run": ("-n", "--dry", "--simulate", "--what-if", "--no-act", "--preview"),
    "--base-url": ("--url", "--host", "--endpoint", "--api-url", "--server"),
    "--connection": ("--conn", "--account-name", "--auth", "--credentials", "--as-user"),
    "--account": ("--account-id", "--sub-account"),
    "--timeout": ("--max-time", "--deadline", "--wait"),
    "--retry": ("--retries", "--max-retries"),
    "--limit": ("--max", "--max-items", "--max-results", "--count", "--top", "--first", "--head"),
    "--page-size": ("--per-page", "--size"),
    "--file": ("--from-file", "--rows", "--csv-file", "--call", "--calls"),
    "--input": ("--param", "--params", "--inputs", "--set", "--arg", "--field", "-p"),
    "-d": ("--data", "--body", "--data-raw", "--json-body"),
    "-H": ("--header", "--headers"),
    "-q": ("--query-param", "--params", "--param"),
    "-F": ("--form",),
    "--concurrency": ("--parallel", "--workers", "--jobs", "-j", "--threads"),
    "--sandbox": ("--mock", "--test", "--fake"),
    "--connector": ("--folder", "--dir", "--spec"),
    "--no-browser": ("--headless", "--no-open", "--device"),
}
_CURSORS = (
    "--page",
    "--next-page",
    "--next-page-token",
    "--page-token",
    "--cursor",
    "--offset",
    "--all",
    "--paginate-all",
)
_WHOLE_BODIES = ("-d", "--data", "--data-raw", "--data-binary", "--body", "--payload", "--cli-input-json")
_MAX_LONGER = 3  # flags that begin with what was typed
_MIN_LONG = 3  # characters of a long flag behind one dash


def suggest_flag(name: str, args: Sequence[str], known: Collection[str]) -> str:
    """Return the flag that somebody means, as a sentence; an empty text where nobody can say."""
    if name in ("-X", "--request", "--method") and "-H" in known:
        return "METHOD is the first word: connector request POST /users/me/meetings"
    if name in _WHOLE_BODIES and {"--input", "--file"} <= {*known} and "-d" not in known:
        return "Inputs are flags or -i KEY=VALUE; as JSON they are read from a file: -f FILE.json"
    if name in _CURSORS and "--limit" in known:
        return "Every page is read; --limit N ends a listing early."
    if not name.startswith("--"):
        words = (arg.partition("=")[0] for arg in args if arg.startswith(name) and len(arg) >= _MIN_LONG)
        flag = next((flag for word in words if (flag := f"--{to_flag_name(word[1:])}") in known), None)
        if flag:
            return f"Did you mean {flag}? A flag of several letters begins with two dashes."
    if name == "-n" and "--limit" in known and any(after.isdigit() for flag, after in pairwise(args) if flag == "-n"):
        return "Did you mean --limit?"
    longer = sorted(flag for flag in known if name.startswith("--") and flag.startswith(f"{name}-"))
    if longer:
        return f"Did you mean {' or '.join(longer[:_MAX_LONGER])}?"
    for meant, names in _BY_MEANING.items():
        if name in names and meant.split()[0] in known:
            return f"Did you mean {meant}?"
    return ""
