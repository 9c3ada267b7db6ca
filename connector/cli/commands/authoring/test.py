"""`connector test`: run the examples, replies, resources and recordings of a connector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.context.context import output_option
from connector.cli.context.folder import folder_argument, format_folder, resolve_folder
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.cli.output.stdio import keeping_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.cli.testing.checks import Check

_HELP = """Check a connector against its examples and replies, and each resource in the sandbox.

With --replay, check it against recorded calls instead, as 'connector run --har FILE' writes them. Nothing is sent.
Exit code 2 when a check fails.
"""


@click.command("test", cls=StrictCommand, help=_HELP)
@folder_argument
@click.option("--replay", "recordings", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
              help="A HAR file to check against; repeatable.")  # fmt: skip
@output_option
@global_options
@click.pass_context
def test_command(ctx: click.Context, folder: Path | None, recordings: tuple[Path, ...], output_format: str) -> int:
    """Check a connector."""
    from connector.cli.testing.report import report_checks

    target = resolve_folder(ctx, folder)
    checks = list(_run_checks(target, recordings))
    quiet = bool(get_meta(ctx, "quiet"))
    code = EXIT_DONE if all(check.is_passed for check in checks) else EXIT_USAGE
    with keeping_code(lambda: code):
        report_checks(format_folder(target), checks, as_json=output_format == "json", quiet=quiet)
    return code


def _run_checks(target: Path, recordings: Sequence[Path]) -> Iterator[Check]:
    """Yield every check. Raises DefinitionError for a folder that cannot be run, or a file that is no recording."""
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.cli.testing import checks, replay, round_trip
    from connector.definition.loader import Connector
    from connector.errors import DefinitionError
    from connector.runtime.files import har

    folder = ConnectorFolder.read(target)
    if folder.findings:
        raise DefinitionError.from_findings(sorted(folder.findings))
    if recordings:
        calls = [call for path in recordings for call in har.read_har(path)]
        yield from replay.iter_replay_checks(folder, calls)
        return
    yield from checks.iter_example_checks(folder)
    yield from checks.iter_reply_checks(folder)
    yield from round_trip.iter_round_trip_checks(folder, Connector.open(target))
