"""Lint of paging: each style has what it needs and nothing idle, and its paths are found in a reply."""

from __future__ import annotations

import pytest
from support.sandboxes.lamp import LAMP_MANIFEST

from connector.authoring.lint import lint

ACTION = """\
action: listLamps
label: List Lamps
summary: List the lamps.
request: %s /lamps
pagination: {%s}
returns:
  type: json
  help: The lamps.
  example: %s
"""
EXAMPLE = '{lamps: [{id: 1, name: porch, node: {id: 2}}], meta: {next: n, "a.b": c}, more: true, last: "false", count: "1", odd: {a: 1}}'


@pytest.fixture
def find(tmp_path):
    """Return (line, message) of the findings about paging."""
    (tmp_path / "actions").mkdir()

    def find_problems(pages, manifest="", method="GET", example=EXAMPLE):
        (tmp_path / "manifest.yaml").write_text(LAMP_MANIFEST + manifest)
        (tmp_path / "actions/list-lamps.yaml").write_text(ACTION % (method, pages, example))
        lines = {str(tmp_path / name): (tmp_path / name).read_text().splitlines() for name in
                 ("manifest.yaml", "actions/list-lamps.yaml")}  # fmt: skip
        found = [finding for finding in lint(tmp_path) if finding.rule in ("pagination-complete", "no-effect")]
        return [(lines[item.file][item.line - 1][item.column - 1 :], item.message) for item in found]

    return find_problems


@pytest.mark.parametrize(
    "pages",
    [
        "items: lamps",
        "items: lamps, style: none",
        "items: lamps, item: node",
        "items: lamps, style: cursor, next: meta.next, cursor_param: query.c, size_param: query.s, max_size: 5",
        "items: lamps, style: cursor, next: 'meta.\"a.b\"', cursor_param: query.c",
        "items: lamps, style: cursor, next: header.X-Next, cursor_param: query.c, total: header.X-Total",
        "items: lamps, style: page_number, first: 0, cursor_param: query.p, has_more: more, is_last: last, total: count",
        "items: lamps, style: offset, cursor_param: query.s, keep: [count, meta.next]",
        "items: lamps, style: link_header, size_param: query.s",
        "items: lamps, style: next_url, next: meta.next",
        "items: lamps, style: last_item, next: id, cursor_param: query.after",
        "items: lamps, style: last_item, next: node.id, cursor_param: query.page.after",
        "items: lamps, style: last_item, next: id, plus: 1, cursor_param: query.from",
    ],
)
def test_a_definition_that_pages_has_no_finding(find, pages):
    assert find(pages) == []


@pytest.mark.parametrize("method", ["POST"])
def test_a_search_may_page_in_its_body(find, method):
    words = "items: lamps, style: cursor, next: meta.next, cursor_param: body.page.after, size_param: body.page.size"
    assert find(words, method=method) == []


@pytest.mark.parametrize(
    ("style", "word"),
    [
        ("offset", "next: meta.next"),
        ("page_number", "next: meta.next"),
        ("link_header", "next: meta.next"),
        ("link_header", "cursor_param: query.c"),
        ("link_header", "first: 1"),
        ("next_url", "cursor_param: query.c"),
        ("cursor", "first: 1"),
        ("cursor", "plus: 1"),
        ("offset", "plus: 1"),
        ("last_item", "first: 1"),
        ("none", "next: meta.next"),
        ("none", "cursor_param: query.c"),
        ("none", "size_param: query.s"),
        ("none", "max_size: 5"),
        ("none", "has_more: more"),
        ("none", "is_last: last"),
        ("none", "total: count"),
        ("none", "keep: [count]"),
    ],
)
def test_a_word_that_the_style_does_not_use_is_told_at_its_place(find, style, word):
    needed = {"cursor": ["next: meta.next", "cursor_param: query.c"], "last_item": ["next: id", "cursor_param: query.c"],
              "next_url": ["next: meta.next"], "offset": ["cursor_param: query.c"],
              "page_number": ["cursor_param: query.c"]}  # fmt: skip
    words = ["items: lamps", f"style: {style}", *needed.get(style, []), word]
    [(place, message)] = find(", ".join(words))
    assert place.startswith(word)
    assert message == f"`{word.partition(':')[0]}` has no effect with style: {style}; remove it."


@pytest.mark.parametrize(
    ("pages", "place", "message"),
    [
        ("items: lamps, style: cursor", "pagination", "needs next and cursor_param"),
        ("items: lamps, style: cursor, next: meta.next", "pagination", "needs cursor_param"),
        ("items: lamps, style: last_item, next: id", "pagination", "needs cursor_param"),
        ("items: lamps, style: page_number", "pagination", "needs cursor_param"),
        ("items: lamps, style: offset", "pagination", "needs cursor_param"),
        ("items: lamps, style: next_url", "pagination", "needs next"),
        ("items: lamps, next: meta.next", "pagination", "style cursor needs cursor_param"),
        ("items: lamps, cursor_param: query.c", "cursor_param: query.c", "has no effect without `style`"),
        ("items: lamps, style: offset, cursor_param: header.X", "header.X", "expected query.x or body.x"),
        ("items: lamps, style: offset, cursor_param: query", "query}", "expected query.x or body.x"),
        ("items: lamps, style: offset, cursor_param: query.c, size_param: body.*", "body.*", "expected query.x"),
        ("items: lumps", "lumps", "no list at 'lumps'"),
        ("items: meta", "meta", "no list at 'meta'"),
        ("items: lamps, item: edge", "edge", "no item of the example has 'edge'"),
        ("items: lamps, style: cursor, next: meta.nxt, cursor_param: query.c", "meta.nxt", "has 'meta.nxt'"),
        ("items: lamps, style: cursor, next: odd, cursor_param: query.c", "odd", "no cursor"),
        ("items: lamps, style: next_url, next: next", "next}", "no reply of the example has 'next'"),
        ("items: lamps, style: last_item, next: no, cursor_param: query.c", "no,", "no item of the example has 'no'"),
        ("items: lamps, style: last_item, next: header.X, cursor_param: query.c", "header.X", "a field of the item"),
        ("items: lamps, style: last_item, next: id, plus: 0, cursor_param: query.c", "0,", "0 adds nothing"),
        ("items: lamps, style: last_item, next: name, plus: 1, cursor_param: query.c", "1,", "no number to add 1 to"),
        ("items: lamps, style: link_header, has_more: mor", "mor}", "has 'mor'"),
        ("items: lamps, style: link_header, has_more: odd", "odd", "neither true nor false"),
        ("items: lamps, style: link_header, is_last: meta.next", "meta.next", "neither true nor false"),
        ("items: lamps, style: link_header, total: total", "total}", "has 'total'"),
        ("items: lamps, style: link_header, total: meta.next", "meta.next", "no number of items"),
        ("items: lamps, style: link_header, keep: [count, sync]", "[count, sync]", "has 'sync'"),
    ],
)
def test_what_is_missing_or_wrong_is_told_at_its_place(find, pages, place, message):
    [(found_place, found_message)] = find(pages)
    assert found_place.startswith(place)
    assert message in found_message


def test_a_word_of_the_manifest_that_no_reply_has_is_told_at_the_list(find):
    shared = "pagination: {style: cursor, next: next, cursor_param: query.c}\n"
    [(place, message)] = find("items: lamps", shared)
    assert place.startswith("pagination")
    assert message == "`next` of the manifest: no reply of the example has 'next'; correct the path, or add it there."
    assert find("items: lamps, style: none", shared) == []


@pytest.mark.parametrize(
    ("manifest", "pages", "idle"),
    [
        ("{style: cursor, next: meta.next, cursor_param: query.c, first: 1}", "items: lamps", "first"),
        ("{style: link_header, cursor_param: query.c}", "items: lamps", "cursor_param"),
        ("{style: link_header, cursor_param: query.c}", "items: lamps, style: offset", None),
        ("{max_size: 5}", "items: lamps", "max_size"),
        ("{max_size: 5}", "items: lamps, style: link_header, size_param: query.s", None),
    ],
)
def test_a_word_of_the_manifest_that_no_list_uses_is_told(find, manifest, pages, idle):
    found = find(pages, f"pagination: {manifest}\n")
    assert [message.split()[0] for _, message in found] == ([f"`{idle}`"] if idle else [])


def test_a_path_in_another_grammar_is_told(find, tmp_path):
    find("items: lamps, style: cursor, next: $.meta.next, cursor_param: query.c")
    assert any("a path begins with a name" in finding.message for finding in lint(tmp_path))


def test_a_body_of_the_manifest_is_none_of_a_get(find):
    shared = "pagination: {style: cursor, next: meta.next, cursor_param: body.after}\n"
    [(place, message)] = find("items: lamps", shared)
    assert place.startswith("pagination")
    assert "a GET has not" in message
    assert find("items: lamps", shared, method="POST") == []
