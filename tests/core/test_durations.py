"""A duration is a number and a unit; without a unit it is in seconds."""

from __future__ import annotations

import pytest

from connector.core.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5), ("10s", 10.0), ("60m", 3600.0), ("15min", 900.0), ("2h", 7200.0), ("7d", 604_800.0),
        ("1day", 86_400.0), (" 1.5 m ", 90.0), ("30", 30.0), ("0", 0.0),
    ],
)  # fmt: skip
def test_each_unit_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1x", "1s2m", "1_0s", "1e3", "1234567890", "\uff11s", "1 0", "s10"])
def test_any_other_text_is_no_duration(text):
    assert parse_duration(text) is None
