"""Read the rows of a sheet of an Excel workbook (.xlsx) as they stand, with the extra `excel`."""

from __future__ import annotations

import zipfile
from itertools import zip_longest
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from connector.core.bulk.cells import UnreadableCell
from connector.definition.suggest import closest
from connector.errors import InputError, Problem
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_UNPACKED_BYTES = 2 << 30  # a file that unpacks to more is no list of rows
_SHEET_FOLDER = "xl/worksheets/"
_FORMULA_MARKS = (b"<f>", b"<f ")
_CHUNK_BYTES = 1 << 16
# What a package with missing or broken parts raises; a ParseError of XML is a SyntaxError.
_BROKEN = (LookupError, ValueError, TypeError, AttributeError, SyntaxError, OSError, zipfile.BadZipFile)


class SheetRow(NamedTuple):
    """A row of a sheet: the sheet's name, its number there, and its cells up to the last that has something."""

    sheet: str
    number: int
    cells: list[Any]


def read_sheet(file: IO[bytes], name: str, sheet: str | None) -> Iterator[SheetRow]:
    """Yield the rows of a sheet that have something, of the first one without a name. Raises InputError."""
    require("excel", "openpyxl")
    import openpyxl

    has_formulas = _inspect(file, name)
    try:
        file.seek(0)
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except _BROKEN as error:
        raise _file_error(name, f"what is no Excel workbook ({type(error).__name__})") from None
    with_formulas = openpyxl.load_workbook(file, read_only=True) if has_formulas else None
    try:
        title = _find_sheet(workbook, name, sheet)
        formulas = _iterate(with_formulas[title]) if with_formulas is not None else ()
        for number, (cells, written) in enumerate(zip_longest(_iterate(workbook[title]), formulas, fillvalue=()), 1):
            values = [_read_cell(cell, other) for cell, other in zip_longest(cells, written)]
            while values and values[-1] in (None, ""):
                values.pop()
            if values:
                yield SheetRow(title, number, values)
    finally:
        workbook.close()
        if with_formulas is not None:
            with_formulas.close()


def _iterate(worksheet: Any) -> Iterator[Any]:
    """Yield the rows of a sheet; how many columns it has is counted, not believed."""
    worksheet.reset_dimensions()
    return iter(worksheet.iter_rows())


def _read_cell(cell: Any, written: Any) -> Any:
    if cell is not None and cell.data_type == "e":
        return UnreadableCell(f"the error {cell.value}")
    value = cell.value if cell is not None else None
    if value is None and written is not None and written.data_type == "f":
        return UnreadableCell("a formula that was never calculated")
    return value


def _find_sheet(workbook: Any, name: str, sheet: str | None) -> str:
    titles = [one.title for one in workbook.worksheets]
    if sheet is None and titles:
        return str(titles[0])
    if sheet in titles:
        return str(sheet)
    titles_by_word = {title.casefold(): title for title in titles}
    match = closest((sheet or "").casefold(), titles_by_word)
    fix = f"did you mean {name}#{titles_by_word[match]}?" if match else f"its sheets are {', '.join(titles) or 'none'}"
    raise InputError.from_problems(name, [Problem("sheet", repr(sheet or ""), "a sheet of the workbook", fix)])


def _inspect(file: IO[bytes], name: str) -> bool:
    """Return whether a workbook has formulas. Raises InputError for what is none, or unpacks to too much."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as package:
            infos = package.infolist()
            if sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
                raise _file_error(name, f"a workbook that unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
            sheets = [info for info in infos if info.filename.startswith(_SHEET_FOLDER)]
            return any(_has_formula(package, info) for info in sheets)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):  # damaged, or locked by a password
        raise _file_error(name, "what is no Excel workbook, or one with a password") from None


def _has_formula(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    tail = b""
    with package.open(info) as sheet:
        while chunk := sheet.read(_CHUNK_BYTES):
            if any(mark in tail + chunk for mark in _FORMULA_MARKS):
                return True
            tail = chunk[-2:]
    return False


def _file_error(name: str, got: str) -> InputError:
    fix = "save it as .xlsx without a password, or export the sheet as CSV"
    return InputError.from_problems(name, [Problem("the file", got, "an Excel workbook (.xlsx)", fix)])
