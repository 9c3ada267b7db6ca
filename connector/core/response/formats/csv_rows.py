"""Read CSV as rows: each a mapping of the header's names to texts."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from connector.core.response.decoding import DecodedBody

if TYPE_CHECKING:
    from collections.abc import Sequence

TAB_SEPARATED = "text/tab-separated-values"
MAX_MISSING_CELLS = 1_000_000  # that are filled in: a few bytes of text must not become a table of nulls


def parse_csv(text: str, media_type: str = "") -> DecodedBody:
    """Return the rows below the header; blank lines are none. Raises ValueError for broken quotes.

    Cells are separated by commas, or by tabs where the label says so. Nothing is dropped: a cell that is missing is
    null, one too many has its number as a name, and of columns with one name the later ones get a number.
    """
    import csv

    delimiter = "\t" if media_type == TAB_SEPARATED else ","
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # the size of the reply was limited as it was read
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[dict[str, str | None]] = []
    short, long, missing = [], [], 0
    try:
        lines = filter(None, reader)
        header = next(lines, [])
        names = _name_columns(header, [])
        for cells in lines:
            if len(cells) > len(names):
                long.append(len(rows) + 1)
                names += _name_columns([""] * (len(cells) - len(names)), names)
            row: dict[str, str | None] = dict(zip(names, cells, strict=False))
            if len(cells) < len(header):
                short.append(len(rows) + 1)
                missing += len(header) - len(cells)
                if missing > MAX_MISSING_CELLS:
                    raise ValueError(f"line {reader.line_num}: more than {MAX_MISSING_CELLS:,} cells are missing")
                row |= dict.fromkeys(names[len(cells) : len(header)])
            rows.append(row)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    return DecodedBody(rows, tuple(_describe_oddities(header, names, short, long)))


def _name_columns(header: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return a name for each column that follows others: one that comes again, or none, gets the column's number."""
    names: list[str] = []
    taken = {*header, *before}
    given = set(before)
    for number, name in enumerate(header, len(before) + 1):
        chosen = name
        if not name or name in given:
            chosen = f"{name or 'column'} {number}"
            while chosen in taken or chosen in given:
                chosen += f" {number}"
        given.add(chosen)
        names.append(chosen)
    return names


def _describe_oddities(
    header: Sequence[str], names: Sequence[str], short: Sequence[int], long: Sequence[int]
) -> list[str]:
    renamed = [name for name, given in zip(names, header, strict=False) if name != given]
    told = [f"Columns without a name of their own are named by their number: {', '.join(renamed)}."] if renamed else []
    if short:
        told.append(f"Rows with fewer cells than the header: {len(short)}, first row {short[0]}; these are null.")
    if long:
        told.append(
            f"Rows with more cells than the header: {len(long)}, first row {long[0]}; "
            "the cells are named by their number."
        )
    return told
