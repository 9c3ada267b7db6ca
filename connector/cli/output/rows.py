"""Rows of a list, such as runs or events: a table for a person, other forms for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.groups import get_meta
from connector.cli.output.printer import make_printer
from connector.cli.output.stdio import print_stderr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


ROW_FORMATS = ("table", "json", "yaml", "lines", "csv")


def rows_option(noun: str) -> Callable[..., Any]:
    """Return the option `--output` of a command that lists rows, each of which is such a thing."""
    described = f"table (default), json, yaml, lines: one {noun} a line, or csv."
    return click.option(
        "--output", "output_format", type=_RowFormat(ROW_FORMATS), default="table", help=described,
    )  # fmt: skip


class _RowFormat(click.Choice[str]):
    """A format of rows; `text`, as some commands called a table, is still one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert("table" if value == "text" else value, param, ctx)


def print_rows(
    rows: Sequence[Any],
    output_format: str,
    shown: Sequence[dict[str, Any]] | None = None,
    *,
    header: Sequence[str],
    columns: Sequence[str] = (),
    document: Any = None,
) -> None:
    """Print rows as the results of actions are printed.

    A table and CSV have what is `shown` of them (default: all), in these `columns`, if any are named; JSON and YAML are
    the `document` that the rows are in, if they are in one. A table of nothing is nothing, CSV of nothing a `header`.
    """
    if output_format in ("json", "yaml"):
        one = make_printer(output_format, several=False, include_errors=False, quiet=True)
        one.print_result(rows if document is None else document)
        one.finish()
    elif output_format == "table":
        if rows:
            from connector.cli.output import table

            note = table.print_data(rows if shown is None else shown, columns)
            if note and not get_meta(click.get_current_context(), "quiet"):
                print_stderr(f"{note} {table.SEE_EVERYTHING}")
    elif output_format == "csv":
        from connector.cli.output.csv_output import CsvPrinter, pick_rows

        csv = CsvPrinter(columns or (() if rows else header), quiet=True)
        csv.print_result(pick_rows(list(rows if shown is None else shown), columns))
        csv.finish()
    else:
        printer = make_printer(output_format, several=False, include_errors=False, quiet=True)
        for row in rows:
            printer.print_result(row)
