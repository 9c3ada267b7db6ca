"""The engine of `names` finds what Python's finds, in time linear in the text's length, and refuses the rest."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.invalid_value import InvalidValue
from connector.core.linear_regex import LinearRegex

PATTERNS = [
    r"scopes:\s*\[(.*?)\]", r"(a|bc|bd)+x{2,5}[^\W\d_-]\b", r"(?i)abc(?:d|e)?", r"(([a-z]+)*):", r"^(a|ab)(c|bcd)(d*)$",
    r"(?:){3}a", r"x{0,3}?y", r"(a?){2,3}b", r"(.*)", r"(?i:a)b|c", r"\Aa|b\Z", r"(?s)a.b", r"[^a-c]+(b)?", r"(a)|(b)",
    r"(?m)^a$", r"(?P<x>a+?)b", r"[]^-]+", r"\Bb", r"(?:a|b|)c", r"[\w:.-]+", r"(?a)\w", r"\.\*", r"(a|ab)(?:c|bcd)",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text("abcdxy:\n[]^-. Aéscope*", max_size=16))
def test_a_match_is_that_of_python(pattern, text):
    match = re.search(pattern, text)
    assert LinearRegex(pattern).search(text) == ([match[0], *match.groups()] if match else None)
    assert LinearRegex(pattern).group_count == re.compile(pattern).groups


@pytest.mark.parametrize(
    "pattern",
    ["(?=x)", "(?!x)", "(?<=x)", r"(a)\1", "(?>a)", "a++", "(a)(?(1)b|c)", "(", "*", "a{1,999}", "(a{1,50}){1,50}"],
)
def test_what_cannot_run_in_linear_time_is_refused(pattern):
    with pytest.raises(InvalidValue, match="expression"):
        LinearRegex(pattern)


def test_a_repeat_of_nothing_is_nothing():
    assert LinearRegex("(?:(?:){60000}){60000}").search("a") == [""]
    assert LinearRegex("(a*)*b").search("xb") == ["b", None]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(([a-z]+)*):", "a"),
        (r"scopes:\s*\[(.*?)\]", "scopes:["),
        ("(.*)(.*)(.*)x", "a"),
        ("(a|a)*b", "a"),
        ("(a?){30}b", "a"),
    ],
)
def test_the_steps_grow_with_the_length_alone(pattern, text):
    regex, counts = LinearRegex(pattern), []
    for length in (500, 1_000, 2_000):
        tried: set[tuple[int, int]] = set()
        for start in range(length):
            assert regex._match((text * length)[:length], start, tried) is None
        counts.append(len(tried))
    assert counts[1] < 2.1 * counts[0]
    assert counts[2] < 2.1 * counts[1]
