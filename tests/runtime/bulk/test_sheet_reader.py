"""Rows of an Excel workbook: values are values, and what the sheet has lost or never had is told with its place."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from connector.core.bulk.columns import ColumnMapping
from connector.core.bulk.row_formats import detect_format
from connector.errors import InputError
from connector.runtime.bulk import sheet_reader
from connector.runtime.bulk.row_reader import RowReader, to_letters

openpyxl = pytest.importorskip("openpyxl", reason="the extra excel is not installed")
HEADER = ("userId", "duration", "startTime", "hostVideo", "topic")


def build_workbook(**sheets):
    """Return a workbook as a file."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, lines in sheets.items():
        sheet = workbook.create_sheet(title)
        for line in lines:
            sheet.append(line)
    file = io.BytesIO()
    workbook.save(file)
    return file


@pytest.fixture
def read(zoom):
    """Read rows of createMeeting from a workbook."""

    def call(file, sheet=None):
        columns = ColumnMapping(zoom.action("createMeeting"), {}, {}, zoom.choices)
        return RowReader("rows.xlsx", file, "xlsx", columns, sheet=sheet)

    return call


def test_cells_are_the_values_that_they_are(read):
    file = build_workbook(
        Plan=[
            HEADER,
            ("me", 90, datetime(2030, 1, 7, 9), True, "A"),
            (),
            (5, time(1, 30), "2030-01-07 09:00", "no", 2.5),
            ("me", "45m", datetime(2030, 1, 7, 9, 0, 0, 300), False, 7.0),
            ("me", timedelta(hours=30), date(2030, 1, 7), None, datetime(2030, 1, 7)),
        ]
    )
    rows = list(read(file).read_rows())
    assert [(row.number, row.line, row.error) for row in rows] == [
        (1, 2, None),
        (2, 4, None),
        (3, 5, None),
        (4, 6, None),
    ]
    assert [dict(row.given) for row in rows] == [
        {"userId": "me", "duration": 90, "startTime": "2030-01-07T09:00:00", "hostVideo": True, "topic": "A"},
        {"userId": 5, "duration": 90, "startTime": "2030-01-07T09:00:00", "hostVideo": False, "topic": "2.5"},
        {"userId": "me", "duration": 45, "startTime": "2030-01-07T09:00:00", "hostVideo": False, "topic": 7},
        {"userId": "me", "duration": 1800, "startTime": "2030-01-07T00:00:00", "topic": "2030-01-07T00:00:00"},
    ]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (12345678901234567, "at most 15 digits"),
        (time(0, 0, 30), "a whole number of minutes"),
        ("90s", "90s is 1.5 minutes"),
        ("=1+1", "a formula that was never calculated"),
        ("#N/A", "the error #N/A"),
    ],
)
def test_a_cell_without_a_value_to_send_is_told(read, cell, told):
    (row,) = read(build_workbook(Plan=[HEADER, ("me", cell)])).read_rows()
    assert row.error is not None
    assert told in str(row.error)
    assert "duration" in str(row.error)


def test_a_row_and_a_column_are_named_as_the_sheet_shows_them(read):
    source = read(build_workbook(Plan=[HEADER, ("me", 1)]))
    (row,) = source.read_rows()
    assert source.describe_row(row) == "row 1 (row 2 of the sheet Plan)"
    assert source.describe_line(7) == "row 7 of the sheet Plan"
    assert source.name_column("duration") == "column B (duration)"
    assert source.name_column("agenda") == ""


def test_the_first_sheet_is_read_or_the_one_that_is_named(read):
    file = build_workbook(One=[HEADER, ("me", 1)], Two=[HEADER, ("me", 2)])
    assert [row.given["duration"] for row in read(file).read_rows()] == [1]
    assert [row.given["duration"] for row in read(file, "Two").read_rows()] == [2]
    with pytest.raises(InputError, match=r"did you mean rows\.xlsx#Two"):
        list(read(file, "two").read_rows())
    with pytest.raises(InputError, match="its sheets are One, Two"):
        list(read(file, "Elsewhere").read_rows())


def test_cells_past_the_header_and_a_sheet_without_rows_are_told(read):
    (row,) = read(build_workbook(Plan=[("userId",), ("me", "too much")])).read_rows()
    assert "2 cells" in str(row.error)
    with pytest.raises(InputError, match="has no rows"):
        list(read(build_workbook(Plan=[HEADER])).read_rows())


@pytest.mark.parametrize("content", [b"userId\nme\n", b"", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_told(read, content):
    with pytest.raises(InputError, match="no Excel workbook"):
        list(read(io.BytesIO(content)).read_rows())


def test_a_package_without_its_parts_is_told(read):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("readme.txt", "no sheet")
    with pytest.raises(InputError, match="no Excel workbook"):
        list(read(file).read_rows())


def test_a_file_that_unpacks_without_end_is_refused(read, monkeypatch):
    monkeypatch.setattr(sheet_reader, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(InputError, match="unpacks to more than"):
        list(read(build_workbook(Plan=[HEADER])).read_rows())


def test_the_kind_of_file_is_known_by_its_name():
    assert detect_format("Rows.XLSX", None) == detect_format("rows.xlsm", None) == "xlsx"


def test_columns_have_the_letters_of_a_sheet():
    assert [to_letters(index) for index in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
