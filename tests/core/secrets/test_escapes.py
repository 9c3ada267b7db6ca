"""Escapes are undone, and places in plain text lead back to the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.secrets.escapes import PlaceMap, has_escape, to_form, to_plain_forms
from connector.core.secrets.span import Span, replace_spans

PIECES = ["a", "é", "😀", "%41", "%2541", "%", "&amp;", "&#x41;", "&#", "&", ";", "\\", "\\\\", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "+", " ", "\n"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("%41%2541%252541%25252541", b"AAAA"), ("%C3%A9", b"\xc3\xa9"), ("\\/\\\\/", b"//"), ("\\u00e9", b"\xc3\xa9"),
        ("\\ud83d\\ude00", "😀".encode()), ("\\ud83d!", b"\xed\xa0\xbd!"), ("&sol;&#47;&#x2f;&#x0002F;&#0047", b"/////"),
        ("&amp;#x2F;", b"/"), ("%26amp%3B", b"&"), ("%5Cu002f", b"/"), ("a+b\nc\td", b"a bnctd"), ("&xyz;", b"&xyz;"),
        ("%zz&;", b"%zz&;"), ("\\x41", b"A"), ("&#xffffff;", "\ufffd".encode()),
    ],
)  # fmt: skip
def test_escapes_are_undone_also_inside_each_other(text, plain):
    assert to_plain_forms(text)[-1] == plain


def test_only_a_text_with_a_sign_of_escapes_has_some():
    assert [has_escape(text) for text in ("a", "%", "&", "\\", "a+b")] == [False, True, True, True, False]
    assert to_form("a+\\b") == b"a \\b"


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_every_byte_of_a_plain_form_leads_back_to_the_text(text):
    forms = to_plain_forms(text)
    assert len(forms) <= 5
    for level, form in enumerate(forms):
        places = PlaceMap(text, level)
        spans = [places.to_place(index, index + 1) for index in range(len(form))]
        assert spans == sorted(spans)
        assert all(0 <= start < end <= len(text) for start, end in spans)


def test_spans_are_replaced_once_where_they_overlap():
    spans = [Span(4, 6), Span(0, 2, "#"), Span(1, 3), Span(6, 7, "+")]
    assert replace_spans("abcdefgh", spans) == "#d***+h"
    assert replace_spans("abc", ()) == "abc"
