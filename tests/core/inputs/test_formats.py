"""The string formats: what each cleans, accepts and rejects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.inputs import formats
from connector.core.invalid_value import InvalidValue


@pytest.mark.parametrize(
    ("look", "good"),
    [
        (
            "digits",
            {"123": "123", "893 4750 3000": "89347503000", "893-4750-3000": "89347503000", "\t1\u00a02\n": "12"},
        ),
        (
            "email",
            {
                "a@b.example": "a@b.example",
                " a@b ": "a@b",
                "a+tag@b.c": "a+tag@b.c",
                "jürgen@münchen.de": "jürgen@münchen.de",
            },
        ),
        ("url", {"https://h/x?y=1": "https://h/x?y=1", "HTTP://h": "HTTP://h"}),
        (
            "timezone",
            {"Europe/Lisbon": "Europe/Lisbon", "UTC": "UTC", "America/Argentina/Salta": "America/Argentina/Salta"},
        ),
        ("uuid", {"6f1c9a3e-0f5b-4b44-9d0a-2f9c1b7d8e55": "6f1c9a3e-0f5b-4b44-9d0a-2f9c1b7d8e55"}),
    ],
)
def test_what_fits_is_taken_cleaned(look, good):
    for given_, taken in good.items():
        assert formats.FORMATS[look](given_) == taken


@pytest.mark.parametrize(
    ("look", "bad"),
    [
        ("digits", ["", " ", "-", "12a", "٣", "\uff11", "1.5", "1,2", "+1", "https://zoom.us/j/"]),
        ("email", ["", "a", "@", "a@", "@b", "a b@c", "a@b c", "a@@b", "a@.b", "a@b.", "a@b\n.c", "x" * 250 + "@b.de"]),
        (
            "url",
            [
                "",
                "h/x",
                "//h/x",
                "ftp://h",
                "https://",
                "https:///x",
                "https://h/a b",
                "https://[::1",
                "javascript:x",
                "https://h\n",
            ],
        ),
        ("timezone", ["", "EST5", "europe/lisbon", "Europe", "Europe/", "/Lisbon", "Europe/Lisbon ", "../etc"]),
        ("uuid", ["", "1", "z" * 32, "6f1c9a3e-0f5b-4b44-9d0a-2f9c1b7d8e5"]),
    ],
)
def test_what_does_not_fit_is_told_with_a_fix(look, bad):
    for one in bad:
        with pytest.raises(InvalidValue) as caught:
            formats.FORMATS[look](one)
        assert caught.value.expected
        assert caught.value.fix or "most" in caught.value.expected


@pytest.mark.parametrize(
    "link",
    ["https://zoom.us/j/89347503000?pwd=x", "https://us02web.zoom.us/w/89347503000", " https://zoom.us/s/89347503000 "],
)
def test_a_link_is_told_with_the_id_in_it(link):
    with pytest.raises(InvalidValue) as caught:
        formats.check_digits(link)
    assert "89347503000" in caught.value.fix
    assert "pwd" not in caught.value.fix


@given(st.text(max_size=40), st.sampled_from(sorted(formats.FORMATS)))
def test_any_text_is_taken_or_refused_and_what_is_taken_is_taken_again(text, look):
    check = formats.FORMATS[look]
    try:
        taken = check(text)
    except InvalidValue:
        return
    assert check(taken) == taken
