"""A reply is shown as a table where it has one, with few columns and rows, and without secrets."""

from __future__ import annotations

from connector import Result
from connector.console.calls.answer import MAX_ROWS, build_answer, build_table


def test_a_listing_is_a_table_of_its_items(zoom):
    data = {"users": [{"id": "a", "email": "a@example.com", "dept": {}}], "page_size": 30}
    table = build_answer(zoom, "listUsers", Result(data)).table
    assert "id" in table.columns
    assert table.rows[0][table.columns.index("id")] == "a"


def test_one_thing_is_names_and_values(zoom):
    table = build_answer(zoom, "getUser", Result({"id": "a"})).table
    assert ("id", "a") in table.rows


def test_a_secret_of_a_reply_is_not_shown(zoom):
    answer = build_answer(zoom, "getUser", Result({"id": "a", "access_token": "c4n4ry"}))
    assert "c4n4ry" not in str(answer)


def test_a_long_list_is_cut_and_says_so():
    table = build_table([{"n": n} for n in range(MAX_ROWS + 3)])
    assert (len(table.rows), table.more) == (MAX_ROWS, 3)


def test_texts_and_lists_of_texts_have_no_table():
    assert [build_table(data) for data in ("a", ["a"], [], {}, None)] == [None] * 5


def test_a_query_that_is_none_is_told(zoom):
    assert "JMESPath" in build_answer(zoom, "getUser", Result({"id": "a"}), "a[").why
    assert "does not fit" in build_answer(zoom, "getUser", Result({"id": "a"}), "length(`5`)").why
