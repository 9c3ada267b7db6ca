"""Values are converted without loss or not at all: the values that each type accepts and rejects."""

from __future__ import annotations

import io
import json
import math
import string
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.inputs import coerce
from connector.core.invalid_value import InvalidValue

SOUND = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


class Colour(IntEnum):
    RED = 1


NOT_TEXT = [True, False, 1.0, 8.9347503e10, Decimal(5), None, b"x", [], {}, {1}, date(2030, 1, 1), Path("x"), object()]
NOT_WHOLE = [
    True, False, "1_000", "60.0", "60.5", 60.5, "1e3", "", " 60", "60 ", "+60", "an hour", "٣", "\uff16\uff10", "0x10", "--1",
    math.nan, math.inf, -math.inf, float(1 << 53), 1e300, Decimal("1.5"), Decimal("NaN"), Decimal("sNaN"),
    Decimal("Infinity"), None, b"60", [60], {}, Path("60"), "9" * 20, "9" * 5000,
]  # fmt: skip
NOT_NUMBER = [
    True,
    "1_000",
    "nan",
    "NaN",
    "inf",
    "Infinity",
    "1e400",
    math.nan,
    math.inf,
    "",
    " 1",
    "1,5",
    None,
    b"1",
    [],
]
NOT_BOOLEAN = [
    "yes",
    "no",
    "on",
    "off",
    "t",
    "f",
    "1",
    "0",
    "2",
    " True",
    "True ",
    "",
    1,
    0,
    1.0,
    None,
    b"true",
    [],
    "\uff54rue",
]
NOT_MOMENT = [
    "tomorrow", "2021-13-01T00:00:00Z", "2021-02-30T00:00:00Z", "2021-12-15T25:00:00Z", "2021-12-15", "2021-12-15 12:00:00Z",
    1639569720, 1639569720.5, "1639569720", "2021-12-15T12:02Z", "2021-12-15T12:02:00z", "20211215T120200Z", True, None,
    date(2030, 1, 1), b"2021-12-15T12:02:00Z", "٢٠٢١-12-15T12:02:00Z", "2021-12-15T12:02:00Z\n", "0000-01-01T00:00:00Z",
]  # fmt: skip
NOT_DAY = ["2021-13-01", "2021-02-29", "21-01-01", "2021-1-1", "yesterday", 20210101, None, True, "2021-01-01\n"]
NOT_JSON = [
    "{", "{'a': 1}", "[1,]", "", "nope", "NaN", "[Infinity]", "[-Infinity]", {1: "a"}, {"a": b"x"}, [{1}], [math.nan], [math.inf],
    [Decimal(1)], [datetime(2030, 1, 1)], {"a": "\ud800"}, {"\0": 1}, ["\0"], "[" * 100_000, b"{}",
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "value"),
    [
        *((coerce.to_text, value) for value in [*NOT_TEXT, "\0", "a\0b", "\ud800", "x\udfff"]),
        *((coerce.to_integer, value) for value in NOT_WHOLE),
        *((coerce.to_number, value) for value in NOT_NUMBER),
        *((coerce.to_boolean, value) for value in NOT_BOOLEAN),
        *((coerce.to_iso_datetime, value) for value in NOT_MOMENT),
        *((coerce.to_iso_date, value) for value in NOT_DAY),
        *((coerce.to_json_value, value) for value in NOT_JSON),
        *((coerce.to_entries, value) for value in [None, "x", "{", [], {1.5: "a"}, {"\0": "a"}]),
        *((coerce.to_file, value) for value in ["path.txt", Path("x"), None, 5, io.StringIO("text")]),
        *(
            (coerce.to_pairs, value)
            for value in ["no colon", 5, [5], [["a"]], [{"key": "a"}], {"a": {"b": 1}}, [("a", [1])]]
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None) or f"{value!r:.30}".partition(" at 0x")[0],
)
def test_what_would_lose_something_or_make_no_sense_is_refused_with_a_rule(check, value):
    with pytest.raises(InvalidValue) as caught:
        check(value)
    assert caught.value.expected


def test_a_closed_file_is_refused_before_anything_is_sent(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        pass
    with pytest.raises(InvalidValue):
        coerce.to_file(file)
    with pytest.raises(InvalidValue):
        coerce.to_pairs({"a": file})


@given(st.integers())
def test_whole_numbers_pass_as_they_are_at_any_size(value):
    assert coerce.to_integer(value) == value
    assert type(coerce.to_integer(value)) is int
    assert coerce.to_text(value) == str(value)


@given(st.integers(-(10**18), 10**18))
def test_digits_in_text_are_the_same_number(value):
    assert coerce.to_integer(str(value)) == value
    assert coerce.to_number(str(value)) == value


@given(st.floats() | st.decimals())
def test_a_float_is_a_whole_number_only_when_it_is_exactly_that(value):
    try:
        converted = coerce.to_integer(value)
    except InvalidValue:
        return
    assert type(converted) is int
    assert converted == value
    assert abs(converted) < 1 << 53


@given(st.text(string.digits + "+-._eE ", max_size=12) | SOUND)
def test_text_becomes_a_whole_number_only_when_its_digits_say_so(value):
    try:
        converted = coerce.to_integer(value)
    except InvalidValue:
        return
    sign = "-" if value.startswith("-") else ""
    assert str(abs(converted)) == value.removeprefix("-").lstrip("0") or converted == 0
    assert converted == 0 or (sign == "-") == (converted < 0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_a_number_unchanged(value):
    assert coerce.to_number(value) == value
    assert json.loads(json.dumps(coerce.to_number(value))) == value


@given(st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_a_number_in_text_loses_no_digit_or_is_refused(value):
    try:
        converted = coerce.to_number(value)
    except InvalidValue:
        return
    assert Decimal(repr(converted)) == Decimal(value)


@given(st.sampled_from(["true", "false"]), st.data())
def test_true_and_false_in_any_case_are_booleans_and_nothing_else_is(word, data):
    spelled = "".join(data.draw(st.sampled_from([char, char.upper()])) for char in word)
    assert coerce.to_boolean(spelled) is (word == "true")


@given(SOUND)
def test_sound_text_passes_unchanged(value):
    assert coerce.to_text(value) == value


def test_marks_of_direction_and_order_are_text_like_any_other():
    for value in ("\u202egnp", "\ufeffstart", "😀", "e\u0301", "NO", "012345", "\u2028"):
        assert coerce.to_text(value) == value


def test_members_of_an_enumeration_are_not_taken_for_numbers_by_chance():
    with pytest.raises(InvalidValue):
        coerce.to_text(Colour.RED)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1)))
def test_times_with_a_zone_are_sent_in_utc_and_without_one_as_they_are(value):
    value = value.replace(microsecond=0)
    assert coerce.to_iso_datetime(value) == value.isoformat()
    aware = value.replace(tzinfo=timezone(timedelta(hours=5, minutes=30)))
    sent = coerce.to_iso_datetime(aware)
    assert sent.endswith("Z")
    assert datetime.fromisoformat(sent) == aware
    assert coerce.to_iso_datetime(sent) == sent
    assert coerce.to_iso_datetime(value.isoformat() + "Z") == value.isoformat() + "Z"


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)), st.integers(-1439, 1439))
def test_a_text_with_an_offset_is_sent_like_the_datetime_of_the_same_moment(value, minutes):
    moment = value.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert coerce.to_iso_datetime(moment.isoformat()) == coerce.to_iso_datetime(moment)


def test_a_fraction_of_a_second_survives_the_change_to_utc():
    assert coerce.to_iso_datetime("2030-01-07T09:00:00.123456789+01:00") == "2030-01-07T08:00:00.123456789Z"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_outside_of_the_calendar_is_refused(moment):
    with pytest.raises(InvalidValue, match="between the years 1 and 9999"):
        coerce.to_iso_datetime(moment)


@given(st.dates())
def test_dates_are_sent_as_they_are_written(value):
    assert coerce.to_iso_date(value) == value.isoformat()
    assert coerce.to_iso_date(value.isoformat()) == value.isoformat()


def test_a_date_may_carry_a_time():
    assert coerce.to_iso_date("2023-01-16T09:00:00Z") == "2023-01-16T09:00:00Z"
    assert coerce.to_iso_date(datetime(2023, 1, 16, 9, tzinfo=UTC)) == "2023-01-16T09:00:00Z"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | SOUND,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SOUND, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_data_passes_unchanged_and_json_text_is_the_data(value):
    if not isinstance(value, str):
        assert coerce.to_json_value(value) == value
    assert coerce.to_json_value(json.dumps(value)) == value
    assert coerce.to_json_value(json.dumps(value, ensure_ascii=False)) == value


def test_a_mistake_in_json_text_is_told_with_its_place():
    with pytest.raises(InvalidValue) as caught:
        coerce.to_json_value('{"a": 1,\n "b" 2}')
    assert "line 2 column 6" in caught.value.fix


def test_json_too_deep_is_told_not_a_crash():
    deep = []
    for _ in range(5000):
        deep = [deep]
    for value in (deep, "[" * 5000 + "]" * 5000):
        with pytest.raises(InvalidValue):
            coerce.to_json_value(value)


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ({"a": 1, "b": True}, [("a", "1"), ("b", "true")]),
        ({"a": ["x", "y"]}, [("a", "x"), ("a", "y")]),
        ([{"key": "a", "value": "x"}, {"key": "a", "value": "y"}], [("a", "x"), ("a", "y")]),
        ([("a", "x")], [("a", "x")]),
        (["Name: value: more", "N2:v"], [("Name", "value: more"), ("N2", "v")]),
        ("Name: value", [("Name", "value")]),
        ('{"a": "x"}', [("a", "x")]),
        ('[{"key": "a", "value": 5}]', [("a", "5")]),
        ({"a": ""}, [("a", "")]),
        ({"a": None, "b": "x"}, [("b", "x")]),
        ([("a", None), {"key": "b", "value": None}], []),
        ({"a": b"\x00\xff"}, [("a", b"\x00\xff")]),
        ({}, []),
        ({"a": 12345678901234567890}, [("a", "12345678901234567890")]),
        ({"a": 0.1}, [("a", "0.1")]),
    ],
)
def test_pairs_come_in_many_forms_keep_their_order_and_leave_null_out(value, pairs):
    assert coerce.to_pairs(value) == pairs
