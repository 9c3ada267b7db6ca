"""A raw request stays below the base URL, sets no reserved header, and sends one consistent body."""

from __future__ import annotations

import io
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import ready

from connector import errors
from connector.core import url_policy
from connector.core.invalid_value import InvalidValue

SCHEMES = [
    "https://",
    "http://",
    "HTTP://",
    "hTtPs://",
    "file://",
    "ftp://",
    "javascript:",
    "data:",
    "https:",
    "https:/",
    "https:///",
]
HOSTS = [
    "evil.example",
    "api.zoom.us",
    "zoom.us.evil.example",
    "evilzoom.us",
    "user:pw@evil.example",
    "127.0.0.1",
    "[::1]",
    "169.254.169.254",
]
HOSTILE = [
    *(scheme + host + "/users/me" for scheme in SCHEMES for host in HOSTS),
    *(begin + "evil.example/users" for begin in ("//", "///", "\\\\", "\\", "/\\", "/\\/", "\\/", "@", "/\t/", "\t//", " //", "/ /", "/%09//")),
    "", " ", "users/me", "./users", "../oauth/token", "/..", "/../oauth/token", "/./users", "/users/..", "/users/.", "/users/../../x",
    "/users/%2e%2e/x", "/users/%2E%2E", "/%2e%2e%2fx", "/users/..%2fx", "/users/%2f..", "/users/..%5cx", "/users\\..\\x", "/users/%5c..%5cx",
    "/users/%252e%252e/x", "/users/%25252e%25252e/x", "/%2e/x", "/%" + "25" * 3000 + "2e", "/users/..;/x", "/users/.;x/y", "/users/..;a=b/x", "/users//me", "//", "/users//",
    "/users?page=1", "/users#top", "/users?", "?x=1", "#x", "/v2", "/v2/", "/v2/users", "/v2/../v2/users",
    "/us ers", "/users\t", "/users\n", "/users\r\nHost: evil", "/users\0", "/users\x7f", "/usérs", "/😀", "/users%", "/users%2", "/users%zz",
    "/users<x>", '/users"x"', "/users{x}", "/users|x", "/users^x", "/users`x`", "/[x]", "/users%0", "/users%%41",
]  # fmt: skip


def problems_of(zoom, given, action="rawRequest"):
    with pytest.raises(errors.InputError) as caught:
        ready(zoom, action, {"method": "GET", "url": "/users/me", **given})
    return {problem.field: problem for problem in caught.value.problems}


def build_raw(zoom, **given):
    return ready(zoom, "rawRequest", {"method": "GET", "url": "/users/me", **given})[1]


def test_there_are_enough_hostile_paths():
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_could_leave_the_base_url_is_refused(zoom, path):
    found = problems_of(zoom, {"url": path})
    assert set(found) == {"url"}
    assert found["url"].expected


@pytest.mark.parametrize(
    "path",
    [
        "/users/me",
        "/",
        "/users/",
        "/a-b_c.d~e",
        "/past_meetings/%252FajX%253D%253D/x",
        "/x;v=1",
        "/a:b@c",
        "/users/...",
        "/users/..a",
        "/a%2Fb",
        "/v2x",
    ],
)
def test_a_path_that_stays_is_sent_as_it_is_written(zoom, path):
    assert build_raw(zoom, url=path).path == path


@given(st.text(max_size=30) | st.text("/.%25eEfF2\\;?#@:u", max_size=16).map(lambda tail: "/" + tail))
def test_whatever_passes_the_guard_begins_with_one_slash_and_never_climbs(path):
    try:
        passed = url_policy.check_relative_path(path, "/v2")
    except InvalidValue:
        return
    assert passed == path
    assert path.isascii()
    assert path.startswith("/")
    assert not path.startswith("//")
    decoded = path
    for _ in range(6):
        assert not {".", ".."} & {part.partition(";")[0] for part in decoded.replace("\\", "/").split("/")}
        decoded = unquote(decoded)


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("https://api.zoom.us/users/me", "/users/me"),
        ("users/me", "/users/me"),
        ("/v2/users", "/users"),
        ("/users?x=1", "/users"),
        ("/a b", "/a%20b"),
        ("/a%zz", "/a%25zz"),
        ("/a b?x=1", "/a%20b"),
    ],
)
def test_a_path_is_told_with_the_one_that_was_meant(zoom, path, better):
    assert f"'{better}'" in problems_of(zoom, {"url": path})["url"].fix
    assert build_raw(zoom, url=better).path == better


def test_every_header_that_may_not_be_set_is_told(zoom):
    pairs = [("Host", "a"), ("X-A", "1"), ("Authorization", "b"), ("x-a", "2")]
    fix = problems_of(zoom, {"headers": pairs})["headers"].fix
    assert fix == (
        "leave Host out: it follows from the base URL; leave Authorization out: it comes from the connection; "
        "x-a is repeated"
    )


@pytest.mark.parametrize("method", ["FETCH", "", "GET ", "G\r\nET", "CONNECT", "TRACE", 5])
def test_an_unknown_method_is_told_with_the_known_ones(zoom, method):
    assert set(problems_of(zoom, {"method": method})) == {"method"}


@pytest.mark.parametrize("method", ["get", "Get", "GET", "post", "OPTIONS"])
def test_a_method_in_any_case_is_that_method(zoom, method):
    assert build_raw(zoom, method=method).method == method.upper()


OURS = ["Host", "Authorization", "Content-Length", "Transfer-Encoding", "Cookie", "Connection", "TE", "Upgrade", "Keep-Alive",
        "Trailer", "Expect", "Proxy-Authorization", "Proxy-Connection", "proxy-anything"]  # fmt: skip


@pytest.mark.parametrize("name", [*OURS, *(name.lower() for name in OURS), *(name.upper() for name in OURS)])
def test_a_header_that_is_ours_is_refused_with_the_reason(zoom, name):
    one = problems_of(zoom, {"headers": [{"key": name, "value": "canary-secret"}]})["headers"]
    assert name in one.fix
    assert "canary-secret" not in str(one)


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "X\r\n", "X\0", "É", "X(", "X;", "(x)", "X\t"])
def test_a_header_name_that_is_none_is_refused(zoom, name):
    assert problems_of(zoom, {"headers": [{"key": name, "value": "v"}]})["headers"]


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\rb", "\0", "é", "😀", "\x7f", "\x0b"])
def test_a_header_value_that_is_not_one_line_of_ascii_is_refused(zoom, value):
    one = problems_of(zoom, {"headers": {"X-A": value}})["headers"]
    assert "X-A" in one.fix or "U+0000" in one.fix


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_header_passes_is_one_line(name, value):
    try:
        assert url_policy.check_header(name, value) == (name, value)
    except InvalidValue:
        return
    line = f"{name}: {value}"
    assert line.isascii()
    assert line.isprintable() or "\t" in line
    assert "\r" not in line
    assert "\n" not in line


def test_a_header_twice_is_refused_in_any_case(zoom):
    assert "is repeated" in problems_of(zoom, {"headers": ["X-A: 1", "x-a: 2"]})["headers"].fix


def test_headers_and_query_hold_texts_only(zoom):
    for key in ("headers", "queryParams"):
        for value in (b"bytes", io.BytesIO(b"x")):
            assert key in problems_of(zoom, {key: {"X-A": value}})


def test_text_that_is_json_goes_out_as_json_unless_a_type_is_said(zoom):
    body = build_raw(zoom, method="POST", data='{"a": [1, 92674392836123456789]}').body
    assert (body.to_bytes(), body.content_type) == (b'{"a":[1,92674392836123456789]}', "application/json")
    body = build_raw(zoom, method="POST", data="plain words").body
    assert (body.to_bytes(), body.content_type) == (b"plain words", "text/plain; charset=utf-8")
    request = build_raw(zoom, method="POST", data='{"a": 1.50}', headers={"content-type": "application/vnd.x+json"})
    assert (request.body.to_bytes(), request.body.content_type) == (b'{"a": 1.50}', "application/vnd.x+json")
    assert request.headers == ()
    body = build_raw(zoom, method="POST", data=b"\x00\xff").body
    assert (body.to_bytes(), body.content_type) == (b"\x00\xff", "application/octet-stream")


@pytest.mark.parametrize("data", ["NaN", "[NaN]", "{'a': 1}", "[1,]", "1e999"])
def test_text_that_only_looks_like_json_stays_the_text_it_is(zoom, data):
    body = build_raw(zoom, method="POST", data=data).body
    assert (body.to_bytes(), body.content_type) == (data.encode(), "text/plain; charset=utf-8")


def test_a_body_that_is_said_to_be_json_and_is_not_is_told(zoom):
    for data in ("{'a': 1}", "[" * 100_000, "NaN"):
        found = problems_of(zoom, {"method": "POST", "data": data, "headers": {"Content-Type": "application/json"}})
        assert "Content-Type" in found["data"].fix


def test_text_nested_without_end_is_no_crash(zoom):
    assert build_raw(zoom, method="POST", data="[" * 100_000).body.to_bytes() == b"[" * 100_000


def test_one_body_only_and_none_on_a_get(zoom):
    assert set(problems_of(zoom, {"method": "POST", "data": "x", "formData": {"a": "b"}})) == {"data"}
    assert set(problems_of(zoom, {"method": "POST", "data": "x", "fileData": {"a": b"b"}})) == {"data"}
    for part in ({"data": "x"}, {"formData": {"a": "b"}}, {"fileData": {"a": b"b"}}):
        assert set(problems_of(zoom, part)) == set(part)
        assert set(problems_of(zoom, {"method": "HEAD", **part})) == set(part)


def test_a_file_name_needs_its_file(zoom):
    assert set(problems_of(zoom, {"method": "POST", "fileData": {"a": b"x"}, "fileDataFileNames": {"b": "n.txt"}})) == {
        "fileDataFileNames"
    }
    assert set(problems_of(zoom, {"method": "POST", "fileDataFileNames": {"b": "n.txt"}})) == {"fileDataFileNames"}
    body = build_raw(
        zoom, method="POST", formData={"f": "1"}, fileData={"a": b"x"}, fileDataFileNames={"a": "n.txt"}
    ).body
    assert [(part.name, part.data, part.file_name) for part in body.value] == [("f", "1", None), ("a", b"x", "n.txt")]


def test_several_mistakes_are_told_together(zoom):
    given_ = {"method": "FETCH", "url": "//evil", "headers": {"Host": "x"}, "responseType": "xml"}
    assert set(problems_of(zoom, {**given_, "responseType": "json"})) == {"method", "url", "headers"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("responseType", "xml"), ("timeout", 0), ("timeout", "2 parsecs"), ("maxRetries", "three"), ("maxRetries", -1), ("maxRetries", 10**9),
     ("retryDelayMS", -1), ("retryAllErrors", "yes"), ("queryParams", {"a": {"b": 1}}), ("queryParams", "no pair")],
)  # fmt: skip
def test_an_option_out_of_range_is_told(zoom, key, value):
    assert set(problems_of(zoom, {key: value})) == {key}


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://zoom.us/x", True), ("https://api.zoom.us/x", True), ("https://API.ZOOM.US:443/x", True), ("https://us02.zoom.us", True),
        ("http://zoom.us/x", False), ("https://zoom.us:8443/x", False), ("https://evilzoom.us", False), ("https://zoom.us.evil.example", False),
        ("https://user@zoom.us", False), ("https://zoom.us@evil.example", False), ("//zoom.us", False), ("https://", False), ("", False),
        ("https://z\u043e\u043em.us", False), ("https://evil.example\\@zoom.us", False), ("https://[::1", False), ("ftp://zoom.us", False),
        ("https://.zoom.us", False), ("https://zoom.us.", False), ("https://zoom.us:x", False),
    ],
)  # fmt: skip
def test_credentials_go_to_the_manifests_hosts_over_https_alone(zoom, url, fits):
    assert url_policy.may_receive_credentials(url, zoom.manifest.allowed_hosts) is fits


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://proxy.example/v2/", True), ("http://127.0.0.1:8080/v2", True), ("http://localhost/v2", True), ("http://[::1]:80/v2", True),
        ("http://10.0.0.1/v2", False), ("http://example.com", False), ("http://127.0.0.1.evil.example", False), ("http://localhost.evil", False),
        ("https://u:p@h/v2", False), ("https://h/v2?x=1", False), ("https://h/v2#f", False), ("ftp://h", False), ("h/v2", False), ("https://", False),
        ("file:///etc", False), ("https://h:x/", False),
    ],
)  # fmt: skip
def test_the_owners_base_url_is_https_or_loopback(url, fits):
    if fits:
        assert url_policy.check_base_url(url) == url.rstrip("/")
    else:
        with pytest.raises(InvalidValue):
            url_policy.check_base_url(url)


def test_every_byte_of_a_path_value_becomes_one_segment():
    for number in range(256):
        encoded = url_policy.encode_path_segment(chr(number))
        assert unquote(encoded) == chr(number)
        assert "/" not in encoded
        assert encoded.isascii()
