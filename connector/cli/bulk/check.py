"""Check all rows before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from connector.cli.output.counts import format_count
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.cli.bulk.job import BulkJob
    from connector.errors import Problem
    from connector.runtime.bulk.row_reader import Row, RowReader

MAX_REPORTED_PROBLEMS = 50  # problems
_MAX_ROWS_PER_PROBLEM = 3  # rows named for one problem; the others are counted


def check_all_rows(job: BulkJob, source: RowReader) -> int:
    """Check every row, and return the number of rows.

    Raises InputError with the first problems and the number of bad rows; with --keep-going only for an unreadable file.
    """
    rows_by_problem: dict[Problem, list[Row]] = {}
    row_counts: dict[Problem, int] = {}
    bad_count = count = 0
    is_truncated = False
    for row, error in _validate_rows(job, source):
        count = row.number
        if error is None or job.arguments.keep_going:
            continue
        bad_count += 1
        for problem in error.problems:
            if problem not in rows_by_problem and len(rows_by_problem) == MAX_REPORTED_PROBLEMS:
                is_truncated = True
                continue
            row_counts[problem] = row_counts.get(problem, 0) + 1
            if row_counts[problem] <= _MAX_ROWS_PER_PROBLEM:
                rows_by_problem.setdefault(problem, []).append(row)
    if bad_count:
        problems = [
            _add_place(problem, list(map(source.describe_row, rows)), row_counts[problem], source)
            for problem, rows in rows_by_problem.items()
        ]
        raise _build_error(
            source, problems, f"{bad_count:,} of {format_count(count, 'row')}", is_truncated=is_truncated
        )
    return count


def check_common_inputs(job: BulkJob, source: RowReader) -> None:
    """Check the columns and the common inputs with the first row. Raises InputError."""
    for _, error in islice(_validate_rows(job, source), 1):
        problems = [problem for problem in error.problems if _input_key_of(problem) in job.task.given] if error else []
        if problems and not job.arguments.keep_going:
            raise InputError.from_problems(job.action, problems)


def _validate_rows(job: BulkJob, source: RowReader) -> Iterator[tuple[Row, InputError | None]]:
    """Yield each row and its error, or None."""
    for row in source.read_rows():
        try:
            if row.error is None:
                job.call_factory.prepare(job.action, row.given, job.call_options, is_shown_only=True)
            yield row, row.error
        except InputError as error:
            yield row, error


def _add_place(problem: Problem, rows: list[str], count: int, source: RowReader) -> Problem:
    """Return the problem with its rows, and the column of a sheet."""
    omitted = f" and {count - len(rows):,} more" if count > len(rows) else ""
    places = (f"{', '.join(rows)}{omitted}", source.name_column(_input_key_of(problem)), problem.field)
    return replace(problem, field=" ".join(filter(None, places)))


def _build_error(source: RowReader, problems: list[Problem], row_summary: str, *, is_truncated: bool) -> InputError:
    details = "".join(f"\n  {problem}" for problem in problems)
    if is_truncated:
        details += f"\n  and more; these are the first {MAX_REPORTED_PROBLEMS} problems."
    message = f"{source.name} has errors.{details}\n{row_summary} cannot be sent. Nothing was sent."
    return InputError(message, problems=tuple(problems), hint="Fix them, or use --keep-going to run the other rows.")


def _input_key_of(problem: Problem) -> str:
    """Return the key of the input that has the problem."""
    return problem.field.partition(".")[0].partition("[")[0]
