"""Reports of checks: a line each and a summary, or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.stdio import print_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.testing.checks import Check


def report_checks(folder: str, checks: Sequence[Check], *, as_json: bool, quiet: bool) -> None:
    """Print the checks: the failed ones with what is wrong."""
    if as_json:
        entries = [{"passed": check.is_passed, **asdict(check)} for check in checks]
        printer.write_json({"folder": folder, "checks": entries})
    elif checks:
        printer.write_text("\n".join(line for check in checks for line in _format_check(check)))
    if not quiet:
        print_stderr(f"{folder}: {_summarize(checks)}")


def _format_check(check: Check) -> list[str]:
    lines = [f"{'ok  ' if check.is_passed else 'FAIL'}  {check.kind:10}  {check.subject}"]
    lines += [f"      {finding}" for finding in check.problems]
    return [*lines, *(f"      note: {note}" for note in check.notes)]


def _summarize(checks: Sequence[Check]) -> str:
    if not checks:
        return "nothing to check: there are no examples, replies or recorded calls."
    failed = sum(not check.is_passed for check in checks)
    counts = format_count(len(checks), "check")
    return f"{counts}, all passed." if not failed else f"{counts}, {failed} failed."
