"""Rows of a list, such as runs or events: a table for a person, JSON for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.output import printer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def rows_option(noun: str, *more_formats: str) -> Callable[..., Any]:
    """Return the option `--output` of a command that lists rows, each of which is such a thing."""
    lines = f"{'' if more_formats else 'or '}lines: one {noun} a line"
    described = ", ".join(["table (default)", "json", lines, *(f"or {name}" for name in more_formats)])
    return click.option(
        "--output",
        "output_format",
        type=click.Choice(["table", "json", "lines", *more_formats]),
        default="table",
        help=f"{described}.",
    )


def print_rows(rows: Sequence[Any], output_format: str, shown: Sequence[dict[str, Any]] | None = None) -> None:
    """Print rows; as a table, what is `shown` of them (default: all), and nothing where there are none."""
    if output_format == "json":
        printer.write_json(rows)
    elif output_format == "lines":
        for row in rows:
            printer.write_line(row)
    elif rows:
        from connector.cli.output import table

        table.print_data(rows if shown is None else shown)
