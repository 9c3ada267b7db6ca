"""`connector lint` and `docs`: commands for authors of connectors."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Self

import click

from connector.cli.context.context import output_option
from connector.cli.context.folder import folder_argument, format_folder, resolve_folder
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.cli.output.progress import ProgressBar, count_columns
from connector.cli.output.stdio import keeping_code, print_stderr

if TYPE_CHECKING:
    from pathlib import Path

    from connector.errors import Finding

_SHOW_SECONDS = 0.2


@click.command("lint", cls=StrictCommand, help="Check every file of a connector; exit code 2 on errors.")
@folder_argument
@click.option("--strict", is_flag=True, help="Exit code 2 on advice too.")
@output_option
@global_options
@click.pass_context
def lint_command(ctx: click.Context, folder: Path | None, output_format: str, *, strict: bool) -> int:
    """Check every file of a connector."""
    from connector.cli.authoring.kept_findings import find_findings
    from connector.definition.loader import Connector

    target = resolve_folder(ctx, folder)
    with LintProgress(enabled=not get_meta(ctx, "quiet")) as progress:
        findings = find_findings(target, progress.report)
    code = EXIT_USAGE if any(strict or finding.voice == "error" for finding in findings) else EXIT_DONE
    with keeping_code(lambda: code):
        if output_format == "json":
            printer.write_json({"folder": str(target), "findings": [asdict(finding) for finding in findings]})
        elif not findings:
            connector = Connector.open(target)
            count = format_count(len(connector.action_files), "action")
            printer.write_text(f"{connector.name}: {count}, no problems found.")
        else:
            printer.write_text("\n".join(map(str, findings)))
            print_stderr(f"{format_folder(target)}: {_count_findings(findings)}.")
    return code


class LintProgress:
    """Shows on a terminal how far lint is, where that takes a while."""

    def __init__(self, *, enabled: bool) -> None:
        self._done_to_files = ""
        columns = count_columns("files", format_note=lambda: f" {self._done_to_files}")
        self._bar = ProgressBar(columns, enabled=enabled)
        self._shown_at = time.monotonic()

    def report(self, what: str, done: int, total: int) -> None:
        """Show that so many files are read, or checked; now and then, since most take a moment."""
        now = time.monotonic()
        if now - self._shown_at >= _SHOW_SECONDS:
            self._done_to_files, self._shown_at = what, now
            self._bar.update(done, total)

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.__exit__()


def _count_findings(findings: list[Finding]) -> str:
    """Return how many errors and how much advice there is."""
    advice = sum(finding.voice == "advice" for finding in findings)
    counts = ((len(findings) - advice, "error"), (advice, "piece"))
    texts = [format_count(count, noun) + (" of advice" if noun == "piece" else "") for count, noun in counts if count]
    return " and ".join(texts)


@click.command("docs", cls=StrictCommand, help="Write a connector's pages and schemas, and print the changed files.")
@folder_argument
@click.option("--check", is_flag=True, help="Write nothing; exit code 2 if a file is out of date.")
@output_option
@global_options
@click.pass_context
def docs_command(ctx: click.Context, folder: Path | None, output_format: str, *, check: bool) -> int:
    """Write or check the generated files."""
    from connector.authoring import docs

    target = resolve_folder(ctx, folder)
    changed = docs.write(target, check=check)
    code = EXIT_USAGE if check and changed else EXIT_DONE
    with keeping_code(lambda: code):
        if output_format == "json":
            shown = [str(path) for path in changed]
            printer.write_json({"folder": str(target), "stale" if check else "written": shown})
        elif changed:
            printer.write_text("\n".join(map(str, changed)))
    if not get_meta(ctx, "quiet"):
        print_stderr(_summarize(target, len(changed), check=check))
    return code


def _summarize(folder: Path, count: int, *, check: bool) -> str:
    label = format_folder(folder)
    if not count:
        return f"{label}: everything is up to date."
    file_count = format_count(count, "file")
    return (
        f"{label}: {file_count} out of date. Run 'connector docs' to update."
        if check
        else f"{label}: {file_count} written."
    )
