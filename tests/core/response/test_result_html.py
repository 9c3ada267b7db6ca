"""A result in a notebook: escaped, short, without secrets."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import Result

EVIL = "<script>alert('x')</script>&"
CANARY = "canary-4711-secret"


class Reader(HTMLParser):
    """The tags and the text of HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_a_listing_is_a_table_of_its_first_items():
    users = [{"id": number, "email": f"u{number}@example.com"} for number in range(100)]
    read = Reader(Result({"users": users, "total": 100}, pages=2, complete=False)._repr_html_())
    assert read.tags.count("tr") == 21
    assert "u19@" in read.text
    assert "u20@" not in read.text
    assert all(told in read.text for told in ("100 users", "80 more rows", "not complete", "200 done"))


def test_a_record_is_a_table_of_its_fields():
    html = Result({"id": 7, "topic": EVIL, "settings": {"audio": "both"}}, warnings=(EVIL,))._repr_html_()
    read = Reader(html)
    assert "script" not in read.tags
    assert EVIL in read.text
    assert '{"audio": "both"}' in read.text


@pytest.mark.parametrize(
    "data",
    [
        {"password": CANARY},
        {"users": [{"id": 1, "access_token": CANARY}]},
        [{"deep": {"client_secret": CANARY}}],
        {"start_url": f"https://x.example/s?access_token={CANARY}"},
    ],
)
def test_what_is_named_as_a_secret_is_hidden(data):
    assert CANARY not in Result(data)._repr_html_()


def test_much_is_cut():
    wide = {"items": [{f"k{column}": "x" * 10_000 for column in range(50)}] * 50}
    assert len(Result(wide)._repr_html_()) < 80_000
    assert len(Result("x" * 10**6)._repr_html_()) < 1_000
    assert "1000000 bytes" in Result(b"x" * 10**6)._repr_html_()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(EVIL),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just(EVIL), inner, max_size=4),
)


@given(JSON)
def test_any_data_makes_only_the_tags_of_tables(data):
    read = Reader(Result(data)._repr_html_())
    assert set(read.tags) <= {"p", "pre", "table", "thead", "tbody", "tr", "th", "td"}
