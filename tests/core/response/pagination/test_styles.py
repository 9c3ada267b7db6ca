"""The pagination styles: merged, streamed, limited and ended."""

from __future__ import annotations

import pytest
from support.exchange_world import NOW, World, bad, ok, ready

from connector import errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import YieldPage

LIST = """\
action: listLamps
label: List Lamps
summary: List the lamps.
request: GET /lamps
inputs:
  room: {{label: Room, help: A room., type: string, to: query.room, example: hall}}
pagination: {pages}
"""
SIZE = "size_param: query.per_page, max_size: 2"


@pytest.fixture
def lamps(folder):
    def make(pages):
        return folder("", {"list-lamps": LIST.format(pages=pages)})

    return make


def run(connector, world, limit=None, walk=exchange.collect_pages):
    plan, request, how = ready(connector, "listLamps", {"room": "hall"}, limit=limit)
    world.asks.clear()
    request = __import__("dataclasses").replace(request, base_url="https://api.lamp.example/v2")
    return world.drive(walk(plan, request, how, NOW))


def sent_values(world, name):
    return [dict(ask.request.query).get(name) for ask in world.sends]


def link_page(items, url, rel="next"):
    return ok(items, link=f'<https://api.lamp.example/v2/lamps?first=1>; rel="prev", <{url}>; rel="{rel}"')


def test_by_cursor_with_a_cursor_deep_in_the_reply(lamps):
    connector = lamps(f"{{style: cursor, items: data.lamps, next: meta.next, cursor_param: query.after, {SIZE}}}")
    first = {"meta": {"next": "A", "took": 5}, "data": {"lamps": [1, 2], "kind": "lamp"}}
    world = World(ok(first), ok({"meta": {"next": None}, "data": {"lamps": [3]}}))
    result = run(connector, world)
    assert result.data == {"meta": {"next": "", "took": 5}, "data": {"lamps": [1, 2, 3], "kind": "lamp"}}
    assert sent_values(world, "after") == [None, "A"]
    assert sent_values(world, "room") == ["hall", "hall"]
    assert sent_values(world, "per_page") == ["2", "2"]
    assert first["data"]["lamps"] == [1, 2], "the page itself is left as it was"
    world = World(ok(first), ok({"meta": {"next": "B"}, "data": {"lamps": [3, 4]}}))
    cut = run(connector, world, limit=4)
    assert (cut.data["meta"]["next"], cut.complete) == ("B", False)


def test_by_number(lamps):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, {SIZE}}}")
    world = World(ok({"lamps": [1, 2]}), ok({"lamps": [3, 4]}), ok({"lamps": [5]}), ok({"lamps": []}))
    result = run(connector, world)
    assert (result.data["lamps"], result.complete, result.pages) == ([1, 2, 3, 4, 5], True, 4)
    assert sent_values(world, "page") == [None, "2", "3", "4"]


def test_by_number_from_zero_ends_at_an_empty_page(lamps):
    connector = lamps(f"{{style: page_number, first: 0, items: lamps, cursor_param: query.page, {SIZE}}}")
    world = World(ok({"lamps": [1, 2]}), ok({"lamps": []}))
    assert run(connector, world).data["lamps"] == [1, 2]
    assert sent_values(world, "page") == [None, "1"]


def test_by_offset(lamps):
    connector = lamps(f"{{style: offset, items: lamps, cursor_param: query.skip, {SIZE}}}")
    world = World(ok({"lamps": [1, 2]}), ok({"lamps": [3, 4]}), ok({"lamps": [5]}), ok({"lamps": []}))
    assert run(connector, world).data["lamps"] == [1, 2, 3, 4, 5]
    assert sent_values(world, "skip") == [None, "2", "4", "5"]


def test_more_says_whether_there_is_more_even_after_a_short_page(lamps):
    connector = lamps(f"{{style: offset, items: lamps, cursor_param: query.skip, has_more: has_more, {SIZE}}}")
    world = World(ok({"lamps": [1], "has_more": True}), ok({"lamps": [2, 3], "has_more": False}))
    result = run(connector, world)
    assert result.data == {"lamps": [1, 2, 3], "has_more": False}
    assert sent_values(world, "skip") == [None, "1"]
    cut = run(connector, World(ok({"lamps": [1, 2], "has_more": True})), limit=2)
    assert (cut.data["has_more"], cut.complete) == (True, False)


def test_by_the_last_item(lamps):
    connector = lamps(
        f"{{style: last_item, next: id, items: data, cursor_param: query.starting_after, has_more: has_more, {SIZE}}}"
    )
    world = World(
        ok({"data": [{"id": "a"}, {"id": "b"}], "has_more": True}), ok({"data": [{"id": "c"}], "has_more": False})
    )
    result = run(connector, world)
    assert [item["id"] for item in result.data["data"]] == ["a", "b", "c"]
    assert sent_values(world, "starting_after") == [None, "b"]
    with pytest.raises(errors.PageError):
        run(connector, World(ok({"data": [{"id": "a"}], "has_more": True})))


@pytest.mark.parametrize(
    ("plus", "ids", "asked"), [(1, [7, 8], "9"), (1, ["7", "8"], "9"), (-1, [8, 7], "6"), (1, [0], "1"), (-1, [1], "0")]
)
def test_by_the_number_of_the_last_item_and_what_is_added(lamps, plus, ids, asked):
    connector = lamps(f"{{style: last_item, next: id, plus: {plus}, items: data, cursor_param: query.from, {SIZE}}}")
    world = World(ok({"data": [{"id": number} for number in ids]}), ok({"data": []}))
    result = run(connector, world)
    assert ([item["id"] for item in result.data["data"]], result.complete) == (ids, True)
    assert sent_values(world, "from") == [None, asked]


@pytest.mark.parametrize("value", ["b", "", "1.5", "-1", "9" * 19, "\u0663"])
def test_nothing_is_added_to_what_is_no_number(lamps, value):
    connector = lamps(f"{{style: last_item, next: id, plus: 1, items: data, cursor_param: query.from, {SIZE}}}")
    with pytest.raises(errors.PageError, match="no number to add 1 to") as caught:
        run(connector, World(ok({"data": [{"id": value}]})))
    assert caught.value.result.data["data"] == [{"id": value}]


def test_by_link_and_a_reply_that_is_the_list(lamps):
    connector = lamps(f"{{style: link_header, items: ., {SIZE}}}")
    following = "https://api.lamp.example/v2/rooms/7/lamps?page=2&x=a%20b&x="
    world = World(link_page([1, 2], following), link_page([3], "/v2/lamps?page=3"), ok([4]))
    result = run(connector, world)
    assert (result.data, result.complete, result.pages) == ([1, 2, 3, 4], True, 3)
    second, third = world.sends[1].request, world.sends[2].request
    assert (second.path, second.query) == ("/rooms/7/lamps", (("page", "2"), ("x", "a b"), ("x", "")))
    assert (third.path, third.query) == ("/lamps", (("page", "3"),))


def test_several_link_headers_are_one_list_of_links(lamps):
    connector = lamps("{style: link_header, items: .}")
    first = ok([1])
    headers = (*first.headers, ("link", '</v2/lamps?page=2>; rel="next"'), ("link", '</v2/lamps?page=9>; rel="last"'))
    world = World(type(first)(200, headers, first.body), ok([2]))
    assert run(connector, world).data == [1, 2]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v2/lamps?page=2",
        "http://api.lamp.example/v2/lamps?page=2",
        "https://api.lamp.example:8443/v2/lamps?page=2",
        "https://api.lamp.example@evil.example/v2/lamps?page=2",
        "//evil.example/v2/lamps",
        "https://api.lamp.example/other",
        "https://api.lamp.example/v2/../oauth/token",
        "https://api.lamp.example/v2/%2e%2e/oauth/token",
        "https://api.lamp.example/v2evil/x",
        "https://api.lamp.example/v2//evil",
        "file:///v2/lamps",
        "../oauth/token",
        "http://[",
        "",
    ],
)
def test_a_link_that_leaves_the_base_url_is_never_followed(lamps, url):
    connector = lamps("{style: link_header, items: .}")
    world = World(link_page([1], url))
    with pytest.raises(errors.PageError) as caught:
        run(connector, world)
    assert len(world.sends) == 1
    assert caught.value.result.data == [1]


def test_a_link_that_comes_back_is_an_error(lamps):
    connector = lamps("{style: link_header, items: .}")
    world = World(link_page([1], "/v2/lamps?page=2"))
    with pytest.raises(errors.PageError) as caught:
        run(connector, world)
    assert len(world.sends) == 2
    assert caught.value.result.data == [1, 1]


@pytest.mark.parametrize("reply", [ok({"lamps": [1]}), ok(None, 204), ok("text"), ok(5)])
def test_a_reply_that_should_be_a_list_and_is_not(lamps, reply):
    connector = lamps("{style: link_header, items: .}")
    with pytest.raises(errors.PageError):
        run(connector, World(reply))


@pytest.mark.parametrize(
    ("pages", "replies"),
    [
        ("{style: cursor, items: lamps, next: next, cursor_param: query.c, %s}", ({"next": "A"}, {"next": "B"}, {})),
        (
            "{style: page_number, items: lamps, cursor_param: query.c, has_more: more, %s}",
            ({"more": True}, {"more": True}, {"more": False}),
        ),
        (
            "{style: offset, items: lamps, cursor_param: query.c, has_more: more, %s}",
            ({"more": True}, {"more": True}, {"more": False}),
        ),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, None])
def test_every_style_streams_what_it_merges_and_keeps_a_limit(lamps, pages, replies, limit):
    connector = lamps(pages % SIZE)
    numbered = [ok({"lamps": [2 * place, 2 * place + 1], **more}) for place, more in enumerate(replies)]
    merged = run(connector, World(*numbered), limit=limit)
    world = World(*numbered)
    last = run(connector, world, limit=limit, walk=exchange.stream_pages)
    streamed = [ask.result for ask in world.of(YieldPage)] + [last]
    assert [item for page in streamed for item in page.data["lamps"]] == merged.data["lamps"] == list(range(limit or 6))
    assert merged.complete == last.complete == (limit in (6, None))
    assert not any(page.complete for page in streamed[:-1])
    assert [page.pages for page in streamed] == list(range(1, len(streamed) + 1))
    assert sent_values(world, "per_page")[0] == ("1" if limit == 1 else "2")


def test_an_action_overrides_the_manifest_word_by_word(folder):
    shared = "pagination: {style: cursor, next: next, cursor_param: query.after, size_param: query.per_page, max_size: 300}\n"
    connector = folder(shared, {"list-lamps": LIST.format(pages="{items: lamps, max_size: 50}")})
    world = World(ok({"lamps": [1], "next": "A"}), ok({"lamps": [2]}))
    assert run(connector, world).data["lamps"] == [1, 2]
    assert (sent_values(world, "per_page"), sent_values(world, "after")) == (["50", "50"], [None, "A"])


def test_a_list_without_a_way_to_page_is_one_page(folder):
    connector = folder("", {"list-lamps": LIST.format(pages="{items: lamps}")})
    world = World(ok({"lamps": [1, 2]}))
    assert (run(connector, world).complete, len(world.sends)) == (True, 1)


def test_an_error_on_a_page_is_that_error(lamps):
    connector = lamps(f"{{style: page_number, items: lamps, cursor_param: query.page, {SIZE}}}")
    with pytest.raises(errors.Denied):
        run(connector, World(ok({"lamps": [1, 2]}), bad(403)))
