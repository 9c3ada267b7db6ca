"""Rows are checked before anything is sent: every mistake, with the rows that it is in."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.cli.bulk.run import Job
    from connector.errors import Problem
    from connector.runtime.bulk.row_reader import Row, Source

MOST_TOLD = 50  # problems that are told
_MOST_ROWS = 3  # rows that are named for one problem; the rest is counted


def every(job: Job, source: Source) -> int:
    """Read and check every row, and return how many there are.

    Raises InputError with the first problems and their number; with --keep-going only where the file cannot be read.
    """
    found: dict[Problem, list[Row]] = {}
    counts: dict[Problem, int] = {}
    bad = count = 0
    more = False
    for row, error in _each(job, source):
        count = row.number
        if error is None or job.asked.keep_going:
            continue
        bad += 1
        for problem in error.problems:
            if problem not in found and len(found) == MOST_TOLD:
                more = True
                continue
            counts[problem] = counts.get(problem, 0) + 1
            if counts[problem] <= _MOST_ROWS:
                found.setdefault(problem, []).append(row)
    if bad:
        problems = [_placed(problem, rows, counts[problem]) for problem, rows in found.items()]
        raise _wrong(source, problems, f"{bad:,} of {rows_of(count)}", more=more)
    return count


def shared(job: Job, source: Source) -> None:
    """Check the columns, and what every row is given, by the first row. Raises InputError."""
    for _, error in islice(_each(job, source), 1):
        fixed = [one for one in error.problems if _root(one) in job.task.given] if error else []
        if fixed and not job.asked.keep_going:
            raise InputError.of(job.action, fixed)


def rows_of(count: int) -> str:
    """Return so many rows as a text."""
    return "1 row" if count == 1 else f"{count:,} rows"


def _each(job: Job, source: Source) -> Iterator[tuple[Row, InputError | None]]:
    """Yield each row, and what is wrong with it."""
    for row in source.rows():
        try:
            if row.error is None:
                job.caller.prepare(job.action, row.given, job.how, find=False)
            yield row, row.error
        except InputError as error:
            yield row, error


def _placed(problem: Problem, rows: list[Row], count: int) -> Problem:
    """Return a problem with the rows that it is in."""
    places = ", ".join(f"row {row.number} (line {row.line})" for row in rows)
    more = f" and {count - len(rows):,} more" if count > len(rows) else ""
    return replace(problem, field=f"{places}{more} {problem.field}")


def _wrong(source: Source, problems: list[Problem], rows: str, *, more: bool) -> InputError:
    told = "".join(f"\n  {problem}" for problem in problems)
    if more:
        told += f"\n  and more: these are the first {MOST_TOLD} problems."
    message = f"{source.name} has mistakes.{told}\n{rows} cannot be sent, and nothing was."
    return InputError(message, problems=tuple(problems), hint="Mend them, or run the others with --keep-going.")


def _root(problem: Problem) -> str:
    """Return the input that a problem is about."""
    return problem.field.partition(".")[0].partition("[")[0]
