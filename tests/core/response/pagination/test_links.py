"""The Link header as RFC 8288 writes it, and URLs resolved below the base URL."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pace import WIDE

from connector.core.request.builder import Request
from connector.core.response.pagination.links import find_next_target, resolve_link

REQUEST = Request("GET", "/lamps", (("room", "hall"),), base_url="https://api.lamp.example/v2")


@pytest.mark.parametrize(
    "header",
    [
        '<u>; rel="next"',
        "<u>; rel=next",
        '<u>;rel="next"',
        '<u> ; REL = "NEXT"',
        '<u>; rel="prev next"',
        '<u>; rel="next last"',
        '<u>; title="a, b; c"; rel="next"',
        '<u>; title="a \\"next\\", <x>"; rel="next"',
        '<u>; rel="next"; rel="prev"',
        '<p>; rel="prev", <u>; rel="next"',
        '<p,q;r>; rel="prev",<u>; rel="next"',
        '<p>; title="<n>; rel=next"; rel=prev, <u>; rel=next',
        '<p>; rel="next-archive", <u>; rel="next"',
        ',, <u>; rel="next" ,',
        '<u>; flag; rel="next"',
        '<u>; rel="http://lamp.example/rels/x next"',
        'nonsense, <u>; rel="next"',
        '<u>; rel="next',
        '< u >; rel="next"',
        "<u>; rel='next'",
        "<u>; title='a'; rel = 'prev next'",
    ],
)
def test_the_next_link_is_found_however_it_is_written(header):
    assert find_next_target(header) == "u"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "<u>",
        '<u>; rel="next-archive"',
        '<u>; rel="nextpage"',
        '<u>; rel="prev"; title="next"',
        '<u>; rel="prev"; rel="next"',
        '<u>; rev="next"',
        '<u>; title="; rel=next"',
        '<u>; title="x", rel="next"',
        "<u; rel=next",
        'u; rel="next"',
        '<u>; rel="next"; anchor="#part"',
    ],
)
def test_any_other_link_is_not_the_next(header):
    assert find_next_target(header) is None


@given(st.text('<>;,="\\ relnxt', max_size=60))
def test_any_header_can_be_read(header):
    target = find_next_target(header)
    assert target is None or target in header


@pytest.mark.parametrize(
    "piece", ["<", "<a", ",", ", ", "<a>;", '<a>;x="', '<a>;x="\\"', "<a>; ", ";", '"', "<a>;x=y", "\\", " "]
)
def test_a_long_header_is_read_in_linear_time(piece):
    began = time.process_time()
    find_next_target(piece * (200_000 // len(piece)))
    assert time.process_time() - began < WIDE


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://api.lamp.example/v2/lamps?page=2", "/lamps?page=2"),
        ("HTTPS://API.lamp.example:443/v2/rooms/7?page=2", "/rooms/7?page=2"),
        ("/v2/lamps?page=2", "/lamps?page=2"),
        ("?page=2", "/lamps?page=2"),
        ("lamps?page=2", "/lamps?page=2"),
        ("./rooms?page=2#part", "/rooms?page=2"),
        ("//api.lamp.example/v2/lamps?page=2", "/lamps?page=2"),
        ("/v2/lamps?at=a%20b%2Bc&x=", "/lamps?at=a+b%2Bc&x="),
    ],
)
def test_a_url_below_the_base_url_is_followed_absolute_or_relative(target, expected):
    assert resolve_link(REQUEST, target, frozenset()).text == expected


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/v2/lamps",
        "http://api.lamp.example/v2/lamps",
        "https://api.lamp.example:8443/v2/lamps",
        "https://user@api.lamp.example/v2/lamps",
        "https://api.lamp.example.evil.example/v2/lamps",
        "https://api.lamp.example/v1/lamps",
        "/lamps",
        "../lamps",
        "/v2/../oauth",
        "/v2/%2e%2e/oauth",
        "/v2",
        "https://api.lamp.example:port/v2/lamps",
        "https://[/v2",
        "javascript:alert(1)",
        "\\\\evil.example\\v2",
        "/v2/a b",
        "",
    ],
)
def test_any_other_url_is_not_followed(target):
    assert resolve_link(REQUEST, target, frozenset()) is None


def test_what_signs_a_request_is_not_taken_from_a_link():
    link = resolve_link(REQUEST, "/v2/lamps?page=2&api_key=secret&api_key=other", frozenset({"api_key"}))
    assert link.query == (("page", "2"),)


def test_a_secret_that_was_masked_in_the_reply_is_the_requests_own():
    assert resolve_link(REQUEST, "/v2/lamps?page=2&room=***", frozenset()).query == (("page", "2"), ("room", "hall"))
