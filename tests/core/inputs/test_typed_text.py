"""What a person types is the value that it means, where it means one; else the input's own check tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.core.inputs.typed_text import compile_text_reader
from connector.core.invalid_value import InvalidValue
from connector.definition.fields import Input

if TYPE_CHECKING:
    from connector import Connector


def read(text: str, **words: Any) -> Any:
    """Return what a text means for an input of these words."""
    field = Input(label="One", help="One.", to="body.one", **words)
    return compile_text_reader(field, {"zones": {"Europe/Paris": "Paris", "UTC": "Nowhere"}}.__getitem__)(text)


SIZES = {"type": "integer", "choices": {"1": "Small", "2": "Very  large", "3": "2"}}
DAYS = {"type": "list of integer", "choices": {"1": "Sunday", "2": "Monday"}}


@pytest.mark.parametrize(
    ("words", "text", "meant"),
    [
        (SIZES, "small", 1),
        (SIZES, " Very large", 2),
        (SIZES, "2", "2"),  # the value itself comes before the label of another
        (SIZES, "huge", "huge"),
        (SIZES, "", ""),
        ({"type": "string", "choices": {"a": "One", "b": "one"}}, "ONE", "ONE"),  # means two
        ({"type": "string", "choices": {"voip": "Computer"}}, "VoIP", "voip"),
        ({"type": "string", "choices": {"a": "One"}, "allow_other": True}, "One", "One"),  # a value of its own
        ({"type": "string", "choices_file": "zones", "allow_other": True, "format": "timezone"}, "paris", "Europe/Paris"),
        (DAYS, "monday", 2),
        ({**DAYS, "join": ","}, "Sunday, monday", [1, 2]),
        ({**DAYS, "join": ","}, "1,2", "1,2"),
        ({**DAYS, "join": ","}, "Sunday,Noday", [1, "Noday"]),
        ({"type": "boolean"}, "YES", True),
        ({"type": "boolean"}, "off", False),
        ({"type": "boolean"}, "true", "true"),
        ({"type": "list of boolean"}, "no", False),
        ({"type": "string"}, "yes", "yes"),
        ({"type": "map of boolean"}, "yes", "yes"),
        ({"type": "json", "example": {}}, "yes", "yes"),
        ({"type": "integer", "unit": "minutes"}, "45m", 45),
        ({"type": "integer", "unit": "minutes"}, "1h30m", 90),
        ({"type": "integer", "unit": "minutes"}, "1 H 30 min", 90),
        ({"type": "integer", "unit": "minutes"}, "1.5h", 90),
        ({"type": "integer", "unit": "minutes"}, "1 hour 30 minutes", 90),
        ({"type": "integer", "unit": "seconds"}, "2 days", 172_800),
        ({"type": "integer", "unit": "seconds"}, "2m", 120),
        ({"type": "integer", "unit": "milliseconds"}, "1d", 86_400_000),
        ({"type": "number", "unit": "minutes"}, "90s", 1.5),
        ({"type": "integer", "unit": "minutes"}, "45", "45"),
        ({"type": "integer"}, "45m", "45m"),  # of what?
        ({"type": "datetime"}, "2030-01-07 09:00", "2030-01-07T09:00:00"),
        ({"type": "datetime"}, "2030-01-07T9:00", "2030-01-07T09:00:00"),
        ({"type": "datetime"}, "2030-01-07 09:00:30 utc", "2030-01-07T09:00:30Z"),
        ({"type": "datetime"}, "2030-01-07 09:00+0100", "2030-01-07T09:00:00+01:00"),
        ({"type": "datetime"}, "2030-01-07T09:00:00Z", "2030-01-07T09:00:00Z"),
        ({"type": "datetime"}, "2030-02-31 09:00", "2030-02-31 09:00"),
        ({"type": "datetime"}, "01/07/2030 09:00", "01/07/2030 09:00"),  # July or January
        ({"type": "date"}, "2030-01-07 09:00", "2030-01-07T09:00:00"),
        ({"type": "integer", "choices": {"1": "x" * 300}}, "x" * 300, "x" * 300),
    ],
)  # fmt: skip
def test_a_text_is_what_it_means_where_it_means_one_thing(words: dict[str, Any], text: str, meant: Any) -> None:
    found = read(text, **words)
    assert (found, type(found)) == (meant, type(meant))


def test_a_duration_that_is_no_whole_number_of_its_unit_is_told() -> None:
    with pytest.raises(InvalidValue) as told:
        read("90s", type="integer", unit="minutes")
    assert (told.value.expected, told.value.fix) == ("a whole number of minutes", "90s is 1.5 minutes")


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        ({"type": "boolean"}, "1", ("true or false", "write true or false, or yes or no")),
        *(
            (
                {"type": "integer", "unit": "minutes"}, text,
                ("a whole number of minutes", "write digits, or a time such as 45m or 1h30m"),
            )
            for text in ("an hour", "45x", "m", "1h lunch")
        ),
        (
            {"type": "number", "unit": "seconds"}, "soon",
            ("a number of seconds", "write digits, or a time such as 90s or 2m"),
        ),
        (DAYS, "1|Monday", ("items without | between them", 'write the items as a list in JSON: ["...", "..."]')),
        ({**DAYS, "join": ","}, "1; 2", ("items without ; between them", "write the items with , between them")),
    ],
)  # fmt: skip
def test_what_means_nothing_is_told_with_every_way_to_type_a_value(
    words: dict[str, Any], text: str, told: tuple[str, str]
) -> None:
    with pytest.raises(InvalidValue) as raised:
        read(text, **words)
    assert (raised.value.expected, raised.value.fix) == told


def test_what_an_input_takes_is_never_read_otherwise(zoom: Connector) -> None:
    """Every valid example of the bundled connector, typed as a text, stays what it is."""
    for name in zoom.action_files:
        for field in zoom.action(name).inputs.values():
            if isinstance(field.example, str):
                assert compile_text_reader(field, zoom.choices)(field.example) == field.example
