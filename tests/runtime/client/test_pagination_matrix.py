"""The fault matrix of paging over real sockets, by both clients, merged and streamed: no item twice, none silently lost.

The names begin with the row.
"""

from __future__ import annotations

import contextlib

import pytest
from support import servers

from connector import errors

PER_PAGE, PAGES = 3, 5
N = PER_PAGE * PAGES
EVERY = list(range(N))


def page(number, cursor, per_page=PER_PAGE):
    users = [{"id": number * per_page + one} for one in range(per_page)]
    return servers.reply(200, {"next_page_token": cursor, "page_size": per_page, "users": users})


def cursor(request):
    return dict(request.query).get("next_page_token", "")


def sound(request):
    """The service as it should be: pages 0 to 4, each naming the next."""
    number = int(cursor(request) or 0)
    return page(number, str(number + 1) if number + 1 < PAGES else "")


class Read:
    """The outcome of a listing, merged or streamed: ids, completeness, error."""

    def __init__(self, one, how, **options):
        self.ids, self.complete, self.error = [], False, None
        given = {"status": "inactive", "roleId": "7"}
        try:
            if how == "merged":
                result = one.run("listUsers", given, **options)
                self._take(result)
            else:
                with streamed(one, given, options) as items:
                    for item in items:
                        self.ids.append(item["id"])
                    self.complete = items.complete
        except errors.ConnectorError as error:
            self.error = error
            if isinstance(error, errors.PageError) and how == "merged":
                self._take(error.result)

    def _take(self, result):
        self.ids = [item["id"] for item in result.data["users"]]
        self.complete = result.complete


@contextlib.contextmanager
def streamed(one, given, options):
    """The items of a listing one by one, from either client."""
    if one.kind == "sync":
        with one.client.items("listUsers", given, **options) as items:
            yield items
        return
    loop = one._loop
    items = one.client.items("listUsers", given, **options)

    class Ticking:
        complete = property(lambda _: items.complete)

        def __iter__(self):
            return self

        def __next__(self):
            try:
                return loop.run(anext_of(items))
            except StopAsyncIteration:
                raise StopIteration from None

    try:
        yield Ticking()
    finally:
        loop.run(items.aclose())


async def anext_of(items):
    return await anext(items)


BOTH_WAYS = pytest.mark.parametrize("how", ["merged", "streamed"])


@BOTH_WAYS
@pytest.mark.parametrize(("turn", "requests"), [("AAAA", 2), ("ABABAB", 3), ("ABCACC", 4)])
def test_f68_f69_a_cursor_that_comes_back_ends_it_with_what_was_read(runner, server, how, turn, requests):
    server.then(*(page(number, name) for number, name in enumerate(turn)))
    read = Read(runner(server.url), how)
    assert type(read.error) is errors.PageError
    assert "returned twice" in str(read.error)
    assert server.count == requests <= len(set(turn)) + 1
    assert read.ids == list(range(requests * PER_PAGE)), "the page that named a known cursor counts too"
    assert not read.complete
    assert (read.error.pages, read.error.retryable) == (requests, False)


def test_f70_pages_that_never_end_stop_and_say_how_to_go_on(runner, server):
    server.always(lambda request: page(0, str(int(cursor(request) or 0) + 1), per_page=1))
    read = Read(runner(server.url), "merged")
    assert server.count == 1000
    assert len(read.ids) == 1000
    assert not read.complete
    assert "more than 1,000 pages" in str(read.error)
    assert "items()" in read.error.hint
    assert "limit" in read.error.hint


@BOTH_WAYS
@pytest.mark.parametrize("limit", [1, 3, 4, 14])
def test_f70_a_limit_ends_them_and_says_that_there_is_more(runner, server, how, limit):
    server.always(lambda request: page(int(cursor(request) or 0), str(int(cursor(request) or 0) + 1)))
    read = Read(runner(server.url), how, limit=limit)
    assert read.ids == list(range(limit))
    assert (read.error, read.complete) == (None, False)
    assert server.count <= -(-limit // PER_PAGE)


@BOTH_WAYS
@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize("message", ["The next page token is invalid or expired.", "Invalid next page token."])
def test_f71_a_cursor_that_expires_midway_is_an_error_and_no_short_list(runner, server, how, at, message):
    expired = servers.reply(400, {"code": 300, "message": message})
    server.always(lambda request: expired if cursor(request) == str(at) else sound(request))
    read = Read(runner(server.url), how)
    assert type(read.error) is errors.PageError
    assert read.ids == EVERY[: at * PER_PAGE]
    assert not read.complete
    assert (read.error.cursor, read.error.pages) == (str(at), at)
    assert server.count == at + 1, "it is not tried again"
    assert "Start the listing again" in read.error.hint


ENDS = {"empty": {"next_page_token": ""}, "null": {"next_page_token": None}, "missing": {}, "false": {"next_page_token": False}}  # fmt: skip


@BOTH_WAYS
@pytest.mark.parametrize("end", ENDS)
def test_f72_every_way_to_say_the_end_is_the_end(runner, server, how, end):
    server.then(page(0, "a")).always(servers.reply(200, {"users": [{"id": 3}], **ENDS[end]}))
    read = Read(runner(server.url), how)
    assert (read.ids, read.complete, read.error) == ([0, 1, 2, 3], True, None)
    assert server.count == 2


@BOTH_WAYS
@pytest.mark.parametrize("empty", [{"users": []}, {"users": None}, {}])
def test_f72_an_empty_page_that_names_another_is_not_the_end(runner, server, how, empty):
    server.then(page(0, "a"), servers.reply(200, {**empty, "next_page_token": 17})).always(page(1, ""))
    read = Read(runner(server.url), how)
    assert (read.ids, read.complete) == ([0, 1, 2, 3, 4, 5], True)
    assert [cursor(request) for request in server.requests] == ["", "a", "17"]


TROUBLE = {
    "rate": servers.reply(429, {"code": 429}, headers=[("Retry-After", "2")]),
    "busy": servers.reply(503, {}, headers=[("Retry-After", "1")]),
    "down": servers.reply(500, {}),
    "reset": servers.reset(),
    "hang up": servers.hang_up(),
    "cut": servers.cut_length(b'{"users": [{"id": 99}, {"id": 98}], "next_page_token": ""}', keep=30),
    "cut chunks": servers.cut_chunks(b'{"users": [{"id": 99}, {"id": 98}], "next_page_token": ""}', keep=30),
}


@BOTH_WAYS
@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("at", [0, 2, PAGES - 1])
def test_f73_trouble_on_a_page_goes_on_at_that_page(runner, server, clock, how, trouble, at):
    faults = [TROUBLE[trouble], TROUBLE[trouble]]

    def sometimes(request):
        return faults.pop() if faults and int(cursor(request) or 0) == at else sound(request)

    server.always(sometimes)
    read = Read(runner(server.url, clock=clock), how)
    assert (read.ids, read.complete, read.error) == (EVERY, True, None)
    assert server.count == PAGES + 2
    assert [int(cursor(one) or 0) for one in server.requests] == sorted([*range(PAGES), at, at])


@BOTH_WAYS
def test_f73_a_token_that_ends_midway_is_renewed_and_the_page_asked_for_again(zoom, runner, authority, server, how):
    connection = authority.connection(zoom, ends=4e9)
    stale = []

    def sometimes(request):
        if cursor(request) == "2" and not stale:
            stale.append(request.header("Authorization"))
            return servers.reply(401, {"code": 124, "message": "Access token is expired."})
        return sound(request)

    server.always(sometimes)
    read = Read(runner(server.url, connection=connection), how)
    assert (read.ids, read.complete, read.error) == (EVERY, True, None)
    assert server.count == PAGES + 1
    tokens = [one.header("Authorization") for one in server.requests]
    assert set(tokens[:3]) == set(stale)
    assert len(set(tokens[3:])) == 1
    assert tokens[3] != stale[0]


@BOTH_WAYS
def test_f73_trouble_that_does_not_end_keeps_what_was_read(runner, server, clock, how):
    server.always(lambda request: servers.reply(500, {}) if cursor(request) == "2" else sound(request))
    read = Read(runner(server.url, clock=clock), how)
    assert isinstance(read.error, errors.ServiceDown)
    assert not read.complete
    assert server.count == 2 + 3
    assert read.ids == (EVERY[:6] if how == "streamed" else [])


@BOTH_WAYS
def test_f75_every_page_is_asked_for_with_the_same_parameters(runner, server, how):
    server.always(sound)
    assert Read(runner(server.url), how).ids == EVERY
    asked = [[pair for pair in one.query if pair[0] != "next_page_token"] for one in server.requests]
    assert asked == [asked[0]] * PAGES
    assert {("status", "inactive"), ("role_id", "7"), ("page_size", "2000")} == set(asked[0])
    assert [cursor(one) for one in server.requests] == ["", "1", "2", "3", "4"]


@pytest.mark.parametrize(("limit", "size"), [(None, "2000"), (2001, "2000"), (5, "5")])
def test_f75_a_page_is_never_asked_for_above_the_cap(runner, server, limit, size):
    server.always(sound)
    Read(runner(server.url), "merged", limit=limit)
    assert {dict(one.query)["page_size"] for one in server.requests} == {size}
