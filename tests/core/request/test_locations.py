"""The `to:` grammar: every location, and the request that it produces."""

from __future__ import annotations

import io
import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import errors
from connector.core.exchange.plan import compile_action
from connector.core.request.credential import Credential
from connector.runtime.http.transport import prepare_request

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def action(request, inputs, more=""):
    lines = "".join(f"  {key}: {{label: L, help: H., {spec}}}\n" for key, spec in inputs.items())
    return f"action: doIt\nlabel: Do\nsummary: Do it.\nrequest: {request}\n{more}inputs:\n{lines or '  {}'}\n"


@pytest.fixture
def build_request(folder):
    """Build the request of an inline action definition."""

    def build(request, inputs, given, more="", manifest="", account=None):
        connector = folder(manifest, {"do-it": action(request, inputs, more)})
        ready = compile_action(connector, "doIt")
        return ready.build_request(ready.validate(given), account)

    return build


def body(request):
    return json.loads(request.body.to_bytes())


def test_every_place_in_one_request(build_request):
    inputs = {
        "one": "type: string, required: true, to: path.one",
        "two": "type: integer, required: true, to: path.two",
        "ask": "type: boolean, to: query.ask",
        "tag": "type: list of string, to: query.tag",
        "head": "type: string, to: header.X-Head",
        "flat": "type: string, to: body.flat",
        "deep": "type: integer, to: body.a.b.deep",
        "near": "type: json, to: body.a.near",
        "free": "type: json, to: body.a.*",
    }
    given = {
        "one": "x/y", "two": "7", "ask": "TRUE", "tag": ["p", "q"], "head": "v", "flat": "", "deep": 0, "near": [None],
        "free": {"b": {"more": 1}, "new": False},
    }  # fmt: skip
    request = build_request("POST /one/{one}/two/{two}.json", inputs, given)
    assert (request.method, request.path) == ("POST", "/one/x%2Fy/two/7.json")
    assert request.query == (("ask", "true"), ("tag", "p"), ("tag", "q"))
    assert request.headers == (("X-Head", "v"),)
    assert body(request) == {"flat": "", "a": {"b": {"deep": 0, "more": 1}, "near": [None], "new": False}}
    assert request.body.content_type == "application/json"
    assert given["free"] == {"b": {"more": 1}, "new": False}, "what was given is left as it was"


@pytest.mark.parametrize(
    ("lists", "pairs"),
    [("repeat", [("t", "a"), ("t", "b,c")]), ("comma", [("t", "a,b,c")]), ("brackets", [("t[]", "a"), ("t[]", "b,c")])],
)
def test_lists_in_a_query(build_request, lists, pairs):
    request = build_request(
        "GET /x", {"t": "type: list of string, to: query.t"}, {"t": ["a", "b,c"]}, f"lists: {lists}\n"
    )
    assert list(request.query) == pairs
    assert parse_qsl(request.request_target.partition("?")[2]) == pairs


def test_a_joined_list_is_one_text(build_request):
    request = build_request("GET /x", {"t": 'type: list of integer, join: ";", to: query.t'}, {"t": "1; 2"})
    assert request.query == (("t", "1;2"),)


def test_constants_stand_first_and_are_never_given(build_request):
    inputs = {"name": "type: string, to: body.name", "ask": "type: string, to: query.ask"}
    always = "constants: {header.X-Version: '3', query.kind: lamp, body.fixed.on: true, body.n: 5}\n"
    request = build_request(
        "POST /x", inputs, {"name": "n", "ask": "a"}, always, manifest="constants: {header.X-All: y}\n"
    )
    assert request.headers == (("X-All", "y"), ("X-Version", "3"))
    assert request.query == (("kind", "lamp"), ("ask", "a"))
    assert body(request) == {"fixed": {"on": True}, "n": 5, "name": "n"}
    with pytest.raises(errors.InputError):
        build_request("POST /x", inputs, {"kind": "z"}, always)


def test_a_form_is_encoded_with_brackets_or_dots(build_request):
    inputs = {
        "a": "type: string, to: body.card.number",
        "b": "type: list of string, to: body.tags",
        "c": "type: boolean, to: form.on",
        "d": "type: string, to: body.none",
    }
    given = {"a": "4 & 2", "b": ["x", "y"], "c": True, "d": None}
    request = build_request("POST /x", inputs, given, "body: form\nform_nesting: brackets\nlists: brackets\n")
    assert request.body.content_type == "application/x-www-form-urlencoded"
    sent = parse_qsl(request.body.to_bytes().decode(), keep_blank_values=True)
    assert sorted(sent) == [("card[number]", "4 & 2"), ("none", ""), ("on", "true"), ("tags[]", "x"), ("tags[]", "y")]
    request = build_request("POST /x", inputs, {"a": "1"}, "body: form\n")
    assert request.body.to_bytes() == b"card.number=1"


def test_a_whole_body_of_each_kind(build_request):
    assert body(build_request("POST /x", {"all": "type: json, to: body"}, {"all": [1, {"a": None}]})) == [
        1,
        {"a": None},
    ]
    text = build_request("POST /x", {"all": "type: text, to: body"}, {"all": "café"}, "body: text\n")
    assert (text.body.to_bytes(), text.body.content_type) == ("café".encode(), "text/plain; charset=utf-8")
    for data in (b"\x00\xff", io.BytesIO(b"\x00\xff")):
        binary = build_request("PUT /x", {"all": "type: file, to: body"}, {"all": data}, "body: binary\n")
        assert (binary.body.to_bytes(), binary.body.to_bytes()) == (b"\x00\xff", b"\x00\xff")
        assert binary.body.content_type == "application/octet-stream"
        assert "\\x00" not in repr(binary)


def test_a_multipart_body_has_fields_and_files(build_request):
    inputs = {"a": "type: string, to: form.a", "f": "type: file, to: file.f"}
    request = build_request("POST /x", inputs, {"a": "v", "f": b"data"}, "body: multipart\n")
    assert [(part.name, part.data, part.file_name) for part in request.body.value] == [
        ("a", "v", None),
        ("f", b"data", "f"),
    ]


@pytest.mark.parametrize(("method", "sent"), [("POST", {"a": 5}), ("DELETE", {"a": 5}), ("PATCH", None), ("PUT", None)])
def test_a_default_is_sent_by_every_method_but_an_update(build_request, method, sent):
    """A default on an update would reset fields that the caller left out, so it is never sent."""
    request = build_request(f"{method} /x", {"a": "type: integer, default: 5, to: body.a"}, {})
    assert (body(request) if request.body else None) == sent


def test_nothing_given_is_no_body(build_request):
    for method in ("POST", "PATCH", "DELETE", "GET"):
        assert build_request(f"{method} /x", {"a": "type: string, to: body.a"}, {}).body is None


def test_a_spread_adds_to_what_is_there_and_null_stays_null(build_request):
    inputs = {"a": "type: string, to: body.s.a", "free": "type: json, to: body.s.*"}
    assert body(build_request("POST /x", inputs, {"a": "1", "free": {"b": None}})) == {"s": {"a": "1", "b": None}}
    assert body(build_request("POST /x", {"free": "type: json, to: body.*"}, {"free": {"b": 1}})) == {"b": 1}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("4444AAAiAAAAAiAiAiiAii==", "4444AAAiAAAAAiAiAiiAii%3D%3D"),
        ("/ajXp112QmuoKj4854875==", "%252FajXp112QmuoKj4854875%253D%253D"),
        ("a//b", "a%252F%252Fb"),
        ("a/b", "a%2Fb"),
        ("a+b", "a%2Bb"),
    ],
)
def test_a_uuid_is_encoded_twice_when_it_begins_with_a_slash_or_holds_two(build_request, value, path):
    inputs = {"u": "type: string, encode: uuid, required: true, to: path.u"}
    assert build_request("GET /x/{u}", inputs, {"u": value}).path == f"/x/{path}"


def test_the_twin_of_a_sub_account(build_request):
    twins = 'subaccounts: {prefix: "/accounts/{accountId}"}\n'
    request = build_request("GET /x", {}, {}, manifest=twins, account="a/b c")
    assert request.path == "/accounts/a%2Fb%20c/x"
    request = build_request("GET /x", {}, {}, manifest="subaccounts: {header: X-Account}\n", account="acct_1")
    assert (request.path, request.headers) == ("/x", (("X-Account", "acct_1"),))


@pytest.mark.parametrize("account", ["", " ", ".", "..", "a\0", "\ud800", 1.5, None.__class__, b"x", True])
def test_an_account_that_would_change_the_path_is_refused(build_request, account):
    with pytest.raises(errors.InputError):
        build_request("GET /x", {}, {}, manifest='subaccounts: {prefix: "/accounts/{accountId}"}\n', account=account)


@pytest.mark.parametrize("account", ["a\r\nEvil: 1", "é", "a\nb"])
def test_an_account_that_would_change_the_headers_is_refused(build_request, account):
    with pytest.raises(errors.InputError):
        build_request("GET /x", {}, {}, manifest="subaccounts: {header: X-Account}\n", account=account)


def test_an_action_without_a_twin_refuses_an_account(build_request):
    with pytest.raises(errors.InputError):
        build_request("GET /x", {}, {}, account="a")
    with pytest.raises(errors.InputError):
        build_request(
            "GET /x", {}, {}, "subaccount: false\n", 'subaccounts: {prefix: "/accounts/{accountId}"}\n', account="a"
        )


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "\x00", "\x7f", "é", "😀", "\x0b"])
@pytest.mark.parametrize("kind", ["string", "list of string"])
def test_a_header_value_that_is_not_one_line_of_ascii_is_told(build_request, value, kind):
    with pytest.raises(errors.InputError) as caught:
        build_request("GET /x", {"h": f"type: {kind}, to: header.X-H"}, {"h": [value] if kind != "string" else value})
    assert caught.value.problems[0].field == "h"


def test_data_in_a_header_or_a_path_is_json_in_ascii(build_request):
    request = build_request("GET /x", {"h": "type: json, to: header.X-H"}, {"h": {"path": "/é", "deep": [None, True]}})
    assert dict(request.headers)["X-H"] == '{"path":"/\\u00e9","deep":[null,true]}'
    request = build_request("GET /x/{p}", {"p": "type: json, required: true, to: path.p"}, {"p": {"a": 1}})
    assert request.path.endswith("/x/%7B%22a%22%3A1%7D")


@given(pairs=st.lists(st.tuples(st.sampled_from(["a", "b", "a b", "é"]), TEXT), max_size=6))
def test_a_query_comes_back_as_it_was_given(zoom, pairs):
    ready = compile_action(zoom, "rawRequest")
    given_ = {"method": "GET", "url": "/x", "queryParams": [{"key": key, "value": value} for key, value in pairs]}
    request = ready.build_request(ready.validate(given_))
    assert parse_qsl(request.request_target.partition("?")[2], keep_blank_values=True) == pairs
    assert prepare_request(request, Credential("t")).url.isascii()
