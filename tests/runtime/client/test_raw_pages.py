"""Raw requests of lists: never complete beside a next page, and paged on request as an action is."""

from __future__ import annotations

import pytest
from support import servers

from connector import errors

PATH = "/report/meetings/1/participants"


def participants(pages, per_page=3, **more):
    """A list of so many pages, as the bundled service pages; the cursor is the number of the next page."""

    def answer(request):
        number = int(dict(request.query).get("next_page_token") or 0)
        rows = [{"id": number * per_page + place} for place in range(per_page)]
        following = str(number + 1) if number + 1 < pages else ""
        return servers.reply(json_={"next_page_token": following, "page_size": per_page, "participants": rows, **more})

    return answer


def ids(result, name="participants"):
    return [row["id"] for row in result.data[name]]


def test_one_page_of_several_is_not_complete_and_says_how_to_go_on(runner, server):
    server.always(participants(2))
    first = runner(server.url).request("GET", PATH)
    assert (first.complete, first.pages, len(first.data["participants"])) == (False, 1, 3)
    assert len(first.warnings) == 1
    for way_on in ("paginate=True", "--paginate", "query.next_page_token"):
        assert way_on in first.warnings[0]
    last = runner(server.url).request("GET", PATH, query={"next_page_token": first.data["next_page_token"]})
    assert (last.complete, last.warnings) == (True, ())


@pytest.mark.parametrize(
    ("data", "headers", "is_complete"),
    [
        ({"id": 1}, [], True),
        ({"next_page_token": None}, [], True),
        ({"next_page_token": ["a"]}, [], True),
        ({"next_page_token": "b"}, [], False),
        ([1, 2], [("Link", '</v2/x?page=2>; rel="next"')], False),
        ([1, 2], [("Link", '</v2/x?page=1>; rel="prev"')], True),
        ("a text", [("Link", '</v2/x?page=2>; rel="next"')], True),
    ],
)
def test_a_raw_reply_is_complete_unless_it_names_a_next_page(runner, server, data, headers, is_complete):
    server.always(servers.reply(json_=data, headers=headers))
    result = runner(server.url).request("GET", "/x")
    assert (result.complete, len(result.warnings)) == (is_complete, int(not is_complete))


@pytest.mark.parametrize("items", [None, "participants"])
def test_every_page_is_read_on_request(runner, server, items):
    server.always(participants(4))
    result = runner(server.url).request("GET", PATH, query={"type": "past"}, paginate=True, items=items)
    assert (ids(result), result.complete, result.pages) == (list(range(12)), True, 4)
    assert result.data["next_page_token"] == ""
    queries = [dict(request.query) for request in server.requests]
    assert [query.pop("next_page_token", "") for query in queries] == ["", "1", "2", "3"]
    assert queries == [{"type": "past", "page_size": "300"}] * 4


def test_limit_and_page_size_are_kept(runner, server):
    server.always(participants(4))
    result = runner(server.url).request("GET", PATH, paginate=True, limit=4, page_size=3)
    assert (ids(result), result.complete, result.warnings) == ([0, 1, 2, 3], False, ())
    assert [dict(request.query)["page_size"] for request in server.requests] == ["3", "3"]


def test_a_page_size_of_the_query_stays(runner, server):
    server.always(participants(2))
    runner(server.url).request("GET", PATH, query={"page_size": "5"}, paginate=True)
    assert {dict(request.query)["page_size"] for request in server.requests} == {"5"}


def test_a_search_by_post_is_paged_too(runner, server):
    server.always(participants(2))
    result = runner(server.url).request("POST", "/search", data={"q": "x"}, paginate=True)
    assert ids(result) == list(range(6))


def test_a_cursor_that_comes_back_ends_it_with_what_was_read(runner, server):
    server.always(servers.reply(json_={"participants": [{"id": 1}], "next_page_token": "a"}))
    with pytest.raises(errors.PageError) as caught:
        runner(server.url).request("GET", PATH, paginate=True)
    assert (len(ids(caught.value.result)), caught.value.pages, caught.value.cursor) == (2, 2, "a")


@pytest.mark.parametrize(
    ("data", "items", "expected"),
    [
        ({"a": [1], "b": [2]}, None, "several lists: a, b"),
        ({"a": 1}, None, "no list"),
        ({"a": 1}, "a", "a is not a list"),
        ("text", None, "no list"),
    ],
)
def test_a_reply_whose_list_is_not_clear_is_an_error(runner, server, data, items, expected):
    server.always(servers.reply(json_=data))
    with pytest.raises(errors.PageError, match=expected):
        runner(server.url).request("GET", PATH, paginate=True, items=items)


def test_a_list_by_another_name_is_an_error_that_names_it(runner, server):
    server.always(servers.reply(json_={"guests": [1], "next_page_token": ""}))
    with pytest.raises(errors.PageError, match=r"the reply has no participants\. It has a list at guests"):
        runner(server.url).request("GET", PATH, paginate=True, items="participants")


def test_a_named_list_that_is_missing_is_not_complete_and_not_invented(runner, server):
    server.always(servers.reply(json_={"id": 1}))
    result = runner(server.url).request("GET", PATH, paginate=True, items="participants")
    assert (result.complete, result.data) == (False, {"id": 1})
    assert "has no participants" in result.warnings[0]


@pytest.mark.parametrize(
    ("method", "options", "named"),
    [
        ("GET", {"items": "participants"}, "items"),
        ("GET", {"limit": 5}, "limit"),
        ("GET", {"page_size": 5}, "page_size"),
        ("GET", {"paginate": True, "page_size": 301}, "page_size"),
        ("GET", {"paginate": True, "page_size": 5, "query": {"page_size": 3}}, "page_size"),
        ("GET", {"paginate": True, "items": "a..b"}, "items"),
        ("GET", {"paginate": True, "limit": 0}, "limit"),
        ("GET", {"paginate": "yes"}, "paginate"),
        ("DELETE", {"paginate": True}, "paginate"),
        ("PATCH", {"paginate": True, "data": {}}, "paginate"),
    ],
)
def test_options_that_do_not_fit_are_told_before_anything_is_sent(runner, server, method, options, named):
    with pytest.raises(errors.InputError) as caught:
        runner(server.url).request(method, PATH, **options)
    assert [problem.field for problem in caught.value.problems] == [named]
    assert server.count == 0


def test_a_service_without_a_way_to_page_says_so(runner, server, folder):
    connector = folder("")
    from connector import Connection

    connection = Connection(connector, "key", apiKey="k")
    with pytest.raises(errors.InputError, match="manifest"):
        runner(server.url, connector=connector, connection=connection).request("GET", "/x", paginate=True)
    assert server.count == 0


class TestPageSize:
    """The page size of an action's listing."""

    @pytest.mark.parametrize("how", ["run", "items"])
    def test_smaller_pages_are_asked_for(self, runner, server, how):
        server.always(
            lambda request: servers.reply(
                json_={"users": [{"id": 1}], "next_page_token": "" if "next_page_token" in dict(request.query) else "b"}
            )
        )
        result = getattr(runner(server.url), how)("listUsers", page_size=7)
        assert len(list(result) if how == "items" else result.data["users"]) == 2
        assert [dict(request.query)["page_size"] for request in server.requests] == ["7", "7"]

    @pytest.mark.parametrize(("limit", "size"), [(3, "3"), (50, "7")])
    def test_a_limit_below_it_asks_for_less(self, runner, server, limit, size):
        server.always(servers.reply(json_={"users": [], "next_page_token": ""}))
        runner(server.url).run("listUsers", page_size=7, limit=limit)
        assert dict(server.requests[0].query)["page_size"] == size

    @pytest.mark.parametrize("size", [0, -1, 2001, 2.5, "7", True])
    @pytest.mark.parametrize("how", ["run", "items"])
    def test_a_size_that_no_page_has_is_told(self, runner, server, how, size):
        with pytest.raises(errors.InputError) as caught:
            list(getattr(runner(server.url), how)("listUsers", page_size=size) or ())
        assert [problem.field for problem in caught.value.problems] == ["page_size"]
        assert server.count == 0

    def test_what_is_no_listing_takes_none(self, runner, server):
        with pytest.raises(errors.InputError, match="page_size"):
            runner(server.url).run("getUser", {"userId": "me"}, page_size=5)
        assert server.count == 0

    @pytest.mark.parametrize("options", [{"paginate": True}, {"items": "users"}])
    def test_options_of_raw_requests_are_none_of_an_actions(self, runner, server, options):
        with pytest.raises(errors.InputError, match="raw requests"):
            runner(server.url).run_file({"action": "listUsers", **options})

    def test_a_call_file_names_it(self, runner, server):
        server.always(servers.reply(json_={"users": [], "next_page_token": ""}))
        runner(server.url).run_file({"action": "listUsers", "page_size": 9})
        assert dict(server.requests[0].query)["page_size"] == "9"

    def test_a_raw_action_of_a_call_file_is_paged_too(self, runner, server):
        server.always(participants(2))
        call = {
            "action": "rawRequest",
            "inputs": {"method": "GET", "url": PATH},
            "paginate": True,
            "items": "participants",
        }
        assert ids(runner(server.url).run_file(call)) == list(range(6))
