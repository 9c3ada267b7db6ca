"""`connector diff`: what changed between two versions of a connector."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.context.context import output_option
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.stdio import keeping_code, print_stderr

if TYPE_CHECKING:
    from connector.authoring.changes.change import Change

_folder = click.Path(path_type=Path)


@click.command("diff", cls=StrictCommand, help="Compare two folders of a connector; exit code 1 on breaking changes.")
@click.argument("old", type=_folder)
@click.argument("new", type=_folder)
@click.option("--check-version", is_flag=True,
              help="Exit code 1 only where something breaks and the new version does not say so.")  # fmt: skip
@output_option
@global_options
@click.pass_context
def diff_command(ctx: click.Context, old: Path, new: Path, output_format: str, *, check_version: bool) -> int:
    """Compare two versions of a connector."""
    from connector.authoring.changes.comparison import advise_version, compare_folders
    from connector.definition.loader import Connector

    versions = (Connector.open(old).manifest.version, Connector.open(new).manifest.version)
    changes = compare_folders(old, new)
    advice = advise_version(*versions, changes)
    is_breaking = any(change.is_breaking for change in changes)
    is_refused = is_breaking and (advice is not None or None in versions or not check_version)
    code = EXIT_REFUSED if is_refused else EXIT_DONE
    with keeping_code(lambda: code):
        if output_format == "json":
            printer.write_json({
                "old": str(old), "new": str(new), "breaking": is_breaking,
                "changes": [asdict(change) for change in changes],
                "versions": versions, "expected_version": advice,
            })  # fmt: skip
        elif changes:
            printer.write_text("\n".join(map(str, changes)))
    if not get_meta(ctx, "quiet"):
        print_stderr(_summarize(changes, versions, advice))
    return code


def _summarize(changes: list[Change], versions: tuple[str | None, str | None], advice: str | None) -> str:
    if not changes:
        return "Nothing changed for those who use it."
    breaking = sum(change.is_breaking for change in changes)
    summary = f"{format_count(len(changes), 'change')}, {breaking or 'none'} breaking."
    if advice:
        return f"{summary} The version was {versions[0]} and is {versions[1]}; {advice} or higher is expected."
    return summary
