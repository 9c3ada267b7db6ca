"""A cell of a spreadsheet becomes the value that its input takes, or is told as what the sheet made of it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from connector.core.bulk.cells import UnreadableCell, convert_cell
from connector.core.invalid_value import InvalidValue
from connector.definition.fields import Input


def convert(value: Any, **words: Any) -> Any:
    return convert_cell(Input(label="One", help="One.", to="body.one", **words), value)


@pytest.mark.parametrize(
    ("words", "cell", "value"),
    [
        ({"type": "boolean"}, True, True),
        ({"type": "integer"}, 7, 7),
        ({"type": "integer"}, 7.0, 7),
        ({"type": "number"}, 1.5, 1.5),
        ({"type": "string"}, 1.5, "1.5"),
        ({"type": "string"}, 7.0, 7),
        ({"type": "datetime"}, datetime(2030, 1, 7, 9, 0, 0, 12), "2030-01-07T09:00:00"),
        ({"type": "date"}, datetime(2030, 1, 7), "2030-01-07"),
        ({"type": "date"}, datetime(2030, 1, 7, 9), "2030-01-07T09:00:00"),
        ({"type": "date"}, date(2030, 1, 7), "2030-01-07"),
        ({"type": "integer", "unit": "minutes"}, time(1, 30), 90),
        ({"type": "integer", "unit": "seconds"}, timedelta(hours=30), 108_000),
        ({"type": "string"}, time(9, 30), "09:30:00"),
        ({"type": "string"}, timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_a_cell_is_the_value_that_its_input_takes(words: dict[str, Any], cell: Any, value: Any) -> None:
    found = convert(cell, **words)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("words", "cell", "told"),
    [
        ({"type": "string"}, 10**15, "at most 15 digits"),
        ({"type": "number"}, -1e300, "at most 15 digits"),
        ({"type": "integer", "unit": "minutes"}, time(0, 0, 30), "a whole number of minutes"),
        ({"type": "string"}, UnreadableCell("the error #N/A"), "a value"),
    ],
)
def test_a_cell_that_the_sheet_has_changed_is_told(words: dict[str, Any], cell: Any, told: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        convert(cell, **words)
    assert told in raised.value.expected
    assert str(UnreadableCell("the error #N/A")) == "the error #N/A"
