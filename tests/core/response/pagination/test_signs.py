"""What a page says about the end: flags, totals, cursors and URLs, wherever a reply has them."""

from __future__ import annotations

import dataclasses

import pytest
from support.exchange_world import NOW, World, ok, ready

from connector import Connector, errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import YieldPage

ACTION = """\
action: listLamps
label: List Lamps
summary: List the lamps.
request: {method} /lamps
inputs:
  size: {{label: Size, help: A size., type: integer, to: {size}}}
  page: {{label: Page, help: A page., type: integer, to: query.page}}
pagination: {pages}
"""
SIZE = "size_param: query.per_page, max_size: 2"


@pytest.fixture
def lamps(folder):
    def make(pages, method="GET", size="query.per_page", manifest=""):
        return folder(manifest, {"list-lamps": ACTION.format(pages=pages, method=method, size=size)})

    return make


def run(connector, world, given=None, walk=exchange.collect_pages, **options):
    plan, request, how = ready(connector, "listLamps", given or {})
    request = dataclasses.replace(request, base_url="https://api.lamp.example/v2")
    return world.drive(walk(plan, request, dataclasses.replace(how, **options), NOW))


@pytest.mark.parametrize("more", [True, 1, 2.5, "true", "True", " TRUE ", "1"])
@pytest.mark.parametrize("less", [False, 0, "false", "False", "0"])
@pytest.mark.parametrize("word", ["has_more", "is_last"])
def test_a_flag_ends_a_list_or_goes_on_as_its_name_says(lamps, more, less, word):
    connector = lamps(f"{{style: offset, items: lamps, cursor_param: query.skip, {word}: flag, {SIZE}}}")
    first, last = (more, less) if word == "has_more" else (less, more)
    world = World(ok({"lamps": [1], "flag": first}), ok({"lamps": [2, 3], "flag": last}))
    result = run(connector, world)
    assert (result.data["lamps"], result.complete, len(world.sends)) == ([1, 2, 3], True, 2)
    assert type(result.data["flag"]) is type(first)
    assert (str(result.data["flag"]).lower() in ("true", "1", "1.0")) == (word == "is_last")


@pytest.mark.parametrize("flag", ["yes", "https://api.lamp.example/v2?page=2", {}, [], [1], "", "abc"])
@pytest.mark.parametrize("word", ["has_more", "is_last"])
def test_what_is_no_flag_is_told_and_keeps_what_was_read(lamps, flag, word):
    connector = lamps(f"{{style: offset, items: lamps, cursor_param: query.skip, {word}: flag, {SIZE}}}")
    with pytest.raises(errors.PageError, match="neither true nor false") as caught:
        run(connector, World(ok({"lamps": [1, 2], "flag": flag})))
    assert (caught.value.result.data["lamps"], caught.value.result.complete) == ([1, 2], False)
    world = World(ok({"lamps": [1, 2], "flag": flag}))
    with pytest.raises(errors.PageError):
        run(connector, world, walk=exchange.stream_pages)
    assert [page.result.data["lamps"] for page in world.of(YieldPage)] == [[1, 2]]


@pytest.mark.parametrize("silent", [{}, {"flag": None}])
def test_a_flag_that_says_nothing_leaves_it_to_an_empty_page(lamps, silent):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, has_more: flag, {SIZE}}}")
    result = run(connector, World(ok({"lamps": [1], **silent}), ok({"lamps": [], **silent})))
    assert (result.data["lamps"], result.complete, result.pages) == ([1], True, 2)


@pytest.mark.parametrize("total", [3, 3.0, "3", " 3 "])
def test_a_total_ends_a_list_without_another_request(lamps, total):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, total: meta.count, {SIZE}}}")
    meta = {"meta": {"count": total}}
    world = World(ok({"lamps": [1, 2], **meta}), ok({"lamps": [3], **meta}))
    result = run(connector, world)
    assert (result.data["lamps"], result.complete, len(world.sends)) == ([1, 2, 3], True, 2)


@pytest.mark.parametrize("total", [0, 1])
def test_a_total_of_less_than_what_came_ends_no_list(lamps, total):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, total: count, {SIZE}}}")
    world = World(*(ok({"lamps": lamps, "count": total}) for lamps in ([1, 2], [3], [])))
    result = run(connector, world)
    assert (result.data["lamps"], result.complete, result.pages) == ([1, 2, 3], True, 3)


@pytest.mark.parametrize("total", [True, "many", {}, [3], "9" * 400])
def test_a_total_that_is_no_number_is_told(lamps, total):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, total: count, {SIZE}}}")
    with pytest.raises(errors.PageError, match="no number of items"):
        run(connector, World(ok({"lamps": [1, 2], "count": total})))


@pytest.mark.parametrize("total", [None, -1, ""])
def test_a_total_that_is_not_known_says_nothing(lamps, total):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, total: count, {SIZE}}}")
    result = run(connector, World(ok({"lamps": [1, 2], "count": total}), ok({"lamps": [], "count": total})))
    assert (result.complete, result.pages) == (True, 2)


def test_a_total_that_is_not_reached_is_told_where_the_cursor_ends(lamps):
    connector = lamps(f"{{style: cursor, items: lamps, next: next, cursor_param: query.c, total: count, {SIZE}}}")
    result = run(connector, World(ok({"lamps": [1, 2], "next": "", "count": 1200})))
    assert not result.complete
    assert result.warnings == ("The listing may not be complete: count is 1,200, and 2 of them came.",)


def test_entries_that_come_twice_do_not_count_twice(lamps):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, total: count, {SIZE}}}")
    pages = [[{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}], [{"id": 4}], []]
    world = World(*(ok({"lamps": lamps, "count": 4}) for lamps in pages))
    assert [lamp["id"] for lamp in run(connector, world).data["lamps"]] == [1, 2, 2, 3, 4]


def test_more_without_a_way_to_it_is_told(lamps):
    connector = lamps(f"{{style: cursor, items: lamps, next: next, cursor_param: query.c, has_more: more, {SIZE}}}")
    result = run(connector, World(ok({"lamps": [1, 2], "next": None, "more": True})))
    assert not result.complete
    assert "more says that more follows" in result.warnings[0]
    assert result.data["more"] is True


@pytest.mark.parametrize(
    ("words", "reply", "is_told"),
    [
        ("next: meta.next, cursor_param: query.c", {"lamps": [1, 2]}, True),
        ("next: meta.next, cursor_param: query.c", {"lamps": [1, 2], "meta": {"next": None}}, False),
        ("next: meta.next, cursor_param: query.c", {"lamps": [1]}, False),
        ("next: meta.next, cursor_param: query.c", {"lamps": []}, False),
        ("next: header.X-Next, cursor_param: query.c", {"lamps": [1, 2]}, True),
        ("next: meta.next, cursor_param: query.c, has_more: more", {"lamps": [1, 2], "more": False}, False),
        ("next: meta.next, style: next_url", {"lamps": [1, 2]}, True),
        ("style: link_header", {"lamps": [1, 2]}, True),
        ("style: link_header", {"lamps": [1]}, False),
    ],
)
def test_a_cursor_that_is_missing_from_a_full_first_page_is_told(lamps, words, reply, is_told):
    result = run(lamps(f"{{items: lamps, {words}, {SIZE}}}"), World(ok(reply)))
    assert (result.complete, len(result.warnings)) == (not is_told, int(is_told))


@pytest.mark.parametrize(
    ("words", "reply", "is_told"),
    [
        ("next: meta.next, cursor_param: query.c", {"lamps": [1]}, True),
        ("next: meta.next, cursor_param: query.c", {"lamps": [1], "meta": {"next": ""}}, False),
        ("next: meta.next, cursor_param: query.c", {"lamps": []}, False),
        ("next: meta.next, style: next_url", {"lamps": [1]}, True),
        ("next: header.X-Next, cursor_param: query.c", {"lamps": [1]}, False),
        ("style: link_header", {"lamps": [1]}, False),
    ],
)
def test_a_first_page_of_unknown_size_may_be_full(lamps, words, reply, is_told):
    result = run(lamps(f"{{items: lamps, {words}}}"), World(ok(reply)))
    assert (result.complete, len(result.warnings)) == (not is_told, int(is_told))


@pytest.mark.parametrize(
    ("reply", "words", "is_complete"),
    [
        ({"dota": [1]}, "", False),
        ({"kind": "lamps"}, "", False),
        ({"lamps": None}, "", True),
        ({"data": {"lamps": None}}, "items: data.lamps, ", True),
        ({"data": None}, "items: data.lamps, ", False),
        ({"count": 0}, "total: count, style: offset, cursor_param: query.skip", True),
        ({"count": 0, "other": [1]}, "total: count, style: offset, cursor_param: query.skip", True),
        ({"more": False}, "has_more: more, style: offset, cursor_param: query.skip", True),
        ({"more": False, "dota": [1]}, "has_more: more, style: offset, cursor_param: query.skip", False),
        ({}, "style: offset, cursor_param: query.skip", False),
        ({"next": ""}, "next: next, cursor_param: query.c", True),
        ({"next": "", "dota": [1]}, "next: next, cursor_param: query.c", False),
        ({}, "next: next, cursor_param: query.c", False),
        ({}, "style: link_header", False),
    ],
)
def test_a_reply_without_its_list_is_empty_only_where_it_says_so(lamps, reply, words, is_complete):
    items = "" if "items:" in words else "items: lamps, "
    result = run(lamps(f"{{{items}{words}}}".replace(", }", "}")), World(ok(reply)))
    assert (result.complete, result.pages) == (is_complete, 1)
    assert is_complete or "the reply has no" in result.warnings[0]


def test_a_list_left_out_of_a_later_page_is_an_empty_page(lamps):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, {SIZE}}}")
    result = run(connector, World(ok({"lamps": [1, 2]}), ok({})))
    assert (result.data["lamps"], result.complete) == ([1, 2], True)


@pytest.mark.parametrize("link", ['/lamps?page=2; rel="next"', "nonsense"])
def test_a_link_header_that_cannot_be_read_is_told(lamps, link):
    result = run(lamps("{style: link_header, items: lamps}"), World(ok({"lamps": [1]}, link=link)))
    assert not result.complete
    assert "a Link header that cannot be read" in result.warnings[0]


@pytest.mark.parametrize("next_value", [{}, [], False, 0])
def test_an_empty_value_is_no_cursor_of_any_kind(lamps, next_value):
    connector = lamps(f"{{style: cursor, items: lamps, next: next, cursor_param: query.c, {SIZE}}}")
    assert run(connector, World(ok({"lamps": [1], "next": next_value}))).complete


@pytest.mark.parametrize("next_value", [True, {"a": 1}, ["a"]])
def test_what_is_no_cursor_is_told(lamps, next_value):
    connector = lamps(f"{{style: cursor, items: lamps, next: next, cursor_param: query.c, {SIZE}}}")
    with pytest.raises(errors.PageError, match="no cursor"):
        run(connector, World(ok({"lamps": [1], "next": next_value})))
    with pytest.raises(errors.PageError, match="no URL"):
        run(lamps("{style: next_url, items: lamps, next: next}"), World(ok({"lamps": [1], "next": 5})))


@pytest.mark.parametrize("next_value", ["c2", 2, ["2026-01-01", 7], {"id": 2}])
def test_a_cursor_in_a_body_is_sent_as_it_came_where_it_belongs(lamps, next_value):
    connector = lamps(
        "{style: cursor, items: lamps, next: next, cursor_param: body.page.after, size_param: body.page.size, max_size: 9}",
        method="POST",
        size="body.page.size",
    )
    world = World(ok({"lamps": [1], "next": next_value}), ok({"lamps": [2], "next": None}))
    assert run(connector, world, {"size": 5}).data["lamps"] == [1, 2]
    assert [ask.request.body.value for ask in world.sends] == [
        {"page": {"size": 5}},
        {"page": {"size": 5, "after": next_value}},
    ]


def test_a_list_that_begins_at_a_given_page_goes_on_from_there(lamps):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, {SIZE}}}")
    world = World(ok({"lamps": [5, 6]}), ok({"lamps": []}))
    assert run(connector, world, {"page": 3}).complete
    assert [dict(ask.request.query)["page"] for ask in world.sends] == ["3", "4"]


def test_what_only_the_last_page_has_is_kept(lamps):
    connector = lamps("{items: lamps, style: cursor, next: next, cursor_param: query.c, keep: [sync, meta.at, no]}")
    first = ok({"lamps": [1], "next": "b", "meta": {"took": 1}})
    last = ok({"lamps": [2], "sync": "s1", "meta": {"at": 5}})
    result = run(connector, World(first, last))
    assert result.data == {"lamps": [1, 2], "next": "", "meta": {"took": 1, "at": 5}, "sync": "s1"}
    assert run(connector, World(first, last), walk=exchange.stream_pages).data["sync"] == "s1"


def test_a_list_of_one_page_inherits_no_paging(lamps):
    shared = "pagination: {style: cursor, next: next, cursor_param: query.c, size_param: query.per_page, max_size: 2}\n"
    connector = lamps("{items: lamps, style: none}", manifest=shared)
    world = World(ok({"lamps": [1, 2], "next": "b"}))
    result = run(connector, world)
    assert (result.complete, result.warnings, world.sends[0].request.query) == (True, (), ())


def test_a_list_of_one_page_with_a_link_to_the_next_is_told(lamps):
    world = World(ok({"lamps": [1, 2]}, link='</v2/lamps?page=2>; rel="next"'))
    result = run(lamps("{items: lamps}"), world)
    assert (result.complete, len(world.sends)) == (False, 1)
    assert "links to a next page" in result.warnings[0]


def test_the_last_item_without_its_field_is_told(lamps):
    connector = lamps(f"{{style: last_item, items: lamps, next: id, cursor_param: query.after, {SIZE}}}")
    result = run(connector, World(ok({"lamps": [{"id": 1}, {"no": 2}]})))
    assert (result.complete, result.warnings[0][:44]) == (False, "The listing may not be complete: the last it")


def test_a_next_url_stays_in_the_result_that_a_limit_cut(lamps):
    connector = lamps("{style: next_url, items: lamps, next: next}")
    world = World(ok({"lamps": [1, 2], "next": "/v2/lamps?page=2"}))
    result = run(connector, world, limit=2)
    assert (result.data["next"], result.complete) == ("https://api.lamp.example/v2/lamps?page=2", False)


def test_a_key_in_the_query_is_not_taken_from_the_link_and_not_shown(tmp_path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(
        "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\n"
        "connections: {key: {label: K, kind: api_key, to: query.api_key, "
        "inputs: {apiKey: {label: K, help: K., type: password, required: true}}}}\n"
    )
    words = "{style: next_url, items: lamps, next: next}"
    (tmp_path / "actions/list-lamps.yaml").write_text(ACTION.format(pages=words, method="GET", size="query.size"))
    connector = Connector.open(tmp_path)
    link = "https://api.lamp.example/v2/lamps?page=2&api_key=s3cret"
    world = World(ok({"lamps": [1], "next": link}), ok({"lamps": [2], "next": link}))
    with pytest.raises(errors.PageError) as caught:
        run(connector, world)
    assert world.sends[1].request.query == (("page", "2"),)
    assert "s3cret" not in f"{caught.value} {caught.value.cursor}"


def test_signs_of_a_doubtful_end_stay_as_the_service_gave_them(lamps):
    connector = lamps("{style: cursor, items: lamps, next: next, cursor_param: query.c, has_more: more, total: count}")
    world = World(
        ok({"lamps": [1], "next": "b", "more": True, "count": 9}),
        ok({"lamps": [2], "next": "", "more": False, "count": 9}),
    )
    result = run(connector, world)
    assert result.data == {"lamps": [1, 2], "next": "", "more": False, "count": 9}
    assert (result.complete, len(result.warnings)) == (False, 1)


def test_a_secret_in_a_link_is_not_shown_in_the_error(lamps):
    connector = lamps("{style: next_url, items: lamps, next: next}")
    link = "/v2/lamps?page=2&access_token=s3cret"
    world = World(ok({"lamps": [1], "next": link}))
    with pytest.raises(errors.PageError) as caught:
        run(connector, world)
    assert dict(world.sends[1].request.query)["access_token"] == "s3cret"
    assert caught.value.cursor == "https://api.lamp.example/v2/lamps?page=2&access_token=***"
    assert "s3cret" not in str(caught.value.to_dict())


@pytest.mark.parametrize("style", ["page_number", "offset"])
def test_empty_pages_without_end_stop(lamps, style):
    words = f"style: {style}, items: lamps, cursor_param: query.at, {SIZE}"
    world = World(ok({"lamps": [1], "more": True}), ok({"lamps": [], "more": True}))
    with pytest.raises(errors.PageError, match="100 pages in a row were empty") as caught:
        run(lamps(f"{{{words}, has_more: more}}"), world)
    assert caught.value.result.data["lamps"] == [1]
    world = World(ok({"lamps": [1], "count": 9_999}), ok({"lamps": [], "count": 9_999}))
    result = run(lamps(f"{{{words}, total: count}}"), world)
    assert (result.data["lamps"], result.complete, result.pages) == ([1], False, 101)
    assert "count is 9,999, and 1 of them came" in result.warnings[0]


def test_an_empty_page_amid_a_list_ends_nothing_where_a_flag_speaks(lamps):
    pages = ([1, 2], True), ([], True), ([3], False)
    for style, is_complete in (("page_number", True), ("offset", False)):
        connector = lamps(f"{{style: {style}, items: lamps, cursor_param: query.at, has_more: more, {SIZE}}}")
        result = run(connector, World(*(ok({"lamps": lamps, "more": more}) for lamps, more in pages)))
        assert (result.data["lamps"], result.complete) == ([1, 2, 3], is_complete)
