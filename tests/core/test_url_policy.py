"""Where a request may go, and how values stand in paths and headers, with the advice of each problem."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core import url_policy
from connector.core.invalid_value import InvalidValue


@pytest.mark.parametrize(
    ("value", "once", "twice"),
    [
        ("abc123", "abc123", "abc123"),
        ("a b", "a%20b", "a%20b"),
        ("é", "%C3%A9", "%C3%A9"),
        ("a/b", "a%2Fb", "a%2Fb"),
        ("/ab==", "%2Fab%3D%3D", "%252Fab%253D%253D"),
        ("a//b", "a%2F%2Fb", "a%252F%252Fb"),
        ("", "", ""),
    ],
)
def test_a_value_is_one_segment_and_a_uuid_that_servers_would_take_apart_is_encoded_twice(value, once, twice):
    assert url_policy.encode_path_segment(value) == once
    assert url_policy.encode_path_segment(value, twice=True) == twice


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        (
            "/users?page=1#x",
            "write '/users' and give the query as query parameters (-q NAME=VALUE on the command line)",
        ),
        ("/users#x?y", "write '/users' and give the query as query parameters (-q NAME=VALUE on the command line)"),
        ("/users#x", "write '/users' and give the query as query parameters (-q NAME=VALUE on the command line)"),
        ("https://h.example/users/me", "the host is fixed; write '/users/me'"),
        ("x+1.a-b://h/users", "the host is fixed; write '/users'"),
        ("//h.example/users", "the host is fixed; write '/users'"),
        ("\\\\h.example/users", "the host is fixed; write '/users'"),
        ("\\h", "the host is fixed"),
        ("//h.example", "the host is fixed"),
        ("https://h/a b", "the host is fixed"),
        ("users/me", "write '/users/me'"),
        ("users me", "begin with /"),
        ("a b/c", "begin with /"),
        ("https://h/a b/c", "the host is fixed"),
        ("/a b/c", "write '/a%20b/c'"),
        ("1:x", "write '/1:x'"),
        ("/a b/%zz", "write '/a%20b/%25zz'"),
        ("/a\nb", ""),
        ("/v2", "/v2 is in the base URL already; write '/'"),
        ("/v2/users", "/v2 is in the base URL already; write '/users'"),
        ("/users//me", "without empty segments, . and .."),
        ("/users/%252e%252e", "without empty segments, . and .."),
    ],
)
def test_a_path_is_refused_with_what_to_write(path, fix):
    with pytest.raises(InvalidValue) as caught:
        url_policy.check_relative_path(path, "/v2")
    assert caught.value.fix == fix
    assert caught.value.expected == "a path below the base URL that begins with one /, already encoded"


def test_without_a_path_in_the_base_url_any_path_is_new():
    for path in ("/v2", "/v2/users", "/"):
        assert url_policy.check_relative_path(path, "") == path
    assert url_policy.check_relative_path("/v2x/users", "/v2") == "/v2x/users"
    assert url_policy.check_relative_path("/users/v2", "/v2") == "/users/v2"


def test_headers_keep_their_order_and_writing_and_come_once():
    pairs = (("X-B", "1"), ("x-a", "2\t!"), ("Empty", ""))
    assert url_policy.check_headers(iter(pairs)) == pairs
    with pytest.raises(InvalidValue) as caught:
        url_policy.check_headers([("X-A", "1"), ("x-a", "2")])
    assert (caught.value.expected, caught.value.fix) == ("each header once", "x-a is repeated")
    with pytest.raises(InvalidValue) as caught:
        url_policy.check_header("x " * 100, "v")
    assert len(caught.value.fix) == len("check ") + 60
    with pytest.raises(InvalidValue) as caught:
        url_policy.check_header("Cookie", "v")
    assert caught.value.fix == "leave Cookie out: cookies are not kept"
    with pytest.raises(InvalidValue) as caught:
        url_policy.check_header("Proxy-X", "v")
    assert caught.value.fix == "leave Proxy-X out: it belongs to the transport"


@pytest.mark.parametrize(
    ("url", "hosts", "fits"),
    [
        ("https://a.lamp.example", ["*.lamp.example"], True),
        ("https://a.b.lamp.example", ["*.LAMP.example"], True),
        ("https://lamp.example", ["*.lamp.example"], False),
        ("https://alamp.example", ["*.lamp.example"], False),
        ("https://lamp.example", ["Lamp.Example"], True),
        ("https://a.lamp.example", ["lamp.example"], False),
        ("https://b.example", ["a.example", "b.example"], True),
        ("https://b.example", [], False),
        ("https://@lamp.example", ["lamp.example"], False),
        ("https://a_b.lamp.example", ["*.lamp.example"], False),
        ("https://.lamp.example", ["*.lamp.example"], False),
        ("https://bücher.example", ["xn--bcher-kva.example"], True),
        ("https://" + "a" * 64 + ".example", ["*.example"], False),
        ("https://lamp.example:0", ["lamp.example"], False),
        ("https://lamp.example:443", ["lamp.example"], True),
    ],
)
def test_a_host_of_the_list_is_that_host_and_a_star_is_any_name_below(url, hosts, fits):
    assert url_policy.may_receive_credentials(url, hosts) is fits


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x?y", "https://a.example"),
        ("https://A.example:8443/x", "https://A.example:8443"),
        ("https://10.0.0.1/x", "https://10.0.0.1"),
        ("https://[::1]:1/x", "https://[::1]:1"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
        ("https://localhost", "https://localhost"),
        ("http://a.example/x", None),
        ("ftp://localhost/x", None),
        ("https://user@a.example/x", None),
        ("https://[2001:db8::1]/x", None),
        ("https://a.example:x/", None),
        ("https:///x", None),
        ("https://a_b.example/x", None),
        ("//a.example/x", None),
    ],
)
def test_an_origin_is_where_a_request_may_go_at_all(url, origin):
    parsed = url_policy.parse_origin(url)
    assert (parsed and parsed.text) == origin


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://files.example/x", True), ("https://FILES.example:443", True), ("https://1.files.example2", True),
        ("http://files.example", False), ("https://files.example:8443", False), ("https://u@files.example", False),
        ("https://files", False), ("https://10.0.0.1", False), ("https://[::1]", False), ("https://files.example.", False),
        ("https://files.example:x", False), ("https://", False), ("https://a_b.example", False),
        *((f"https://files.{inside}", False)
          for inside in ("localhost", "local", "internal", "localdomain", "lan", "home", "corp", "arpa", "svc",
                         "intranet", "private", "test", "invalid", "onion", "cluster.local", "svc.cluster.local")),
        *((f"https://files.{inside}.example", True) for inside in ("local", "corp")),
    ],
)  # fmt: skip
def test_a_public_host_has_a_name_that_is_none_of_somebodys_network(url, named):
    origin = url_policy.Origin.parse(url)
    assert (origin is not None and origin.is_public) is named


ADDRESSES_IN_ODD_SPELLINGS = [
    "127.0.0.0x1", "169.254.169.0xfe", "10.0x1", "0x7f.1", "0x7f000001", "017700000001", "2130706433", "127.1", "0",
    "0x", "127.0.0.1.", "127.0.0.01", "0177.0.0.1", "256.1.1.1", "1.2.3.4.5", "1.2.3", "0X7F.0.0.1", "127.0.0.1..",
    "1.2.3.4x.0xA", "files.example.1", "files.example.0x1f", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "%31%32%37.1",
    "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", ADDRESSES_IN_ODD_SPELLINGS)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_an_address_in_an_odd_spelling_is_nowhere_that_a_request_may_go(scheme, host):
    origin = url_policy.Origin.parse(f"{scheme}://{host}/x")
    assert origin is None or not origin.is_public
    if origin is not None and not origin.is_loopback:
        assert url_policy.parse_origin(f"{scheme}://{host}/x") is None
    assert not url_policy.may_receive_credentials(f"https://{host}/x", ["*.example", host])


FULL_WIDTH = str.maketrans("0123456789x.", "０１２３４５６７８９ｘ．")  # noqa: RUF001  the point of them
PARTS = st.sampled_from([str, hex, lambda part: f"0{part:o}", lambda part: f"0X{part:X}"])


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.lists(PARTS, min_size=4, max_size=4), st.booleans())
def test_no_spelling_of_an_address_is_a_public_host(address, count, spellings, is_wide):
    """The system reads one to four numbers in base 8, 10 or 16; the last one fills what the others leave."""
    octets = ipaddress.IPv4Address(address).packed
    numbers = [*octets[: count - 1], int.from_bytes(octets[count - 1 :])]
    host = ".".join(spell(number) for spell, number in zip(spellings, numbers, strict=False))
    origin = url_policy.Origin.parse(f"https://{host.translate(FULL_WIDTH) if is_wide else host}/x")
    assert origin is None or not origin.is_public
    assert origin is None or not origin.is_name or origin.host == str(ipaddress.IPv4Address(address))


def test_a_base_url_stays_as_it_is_but_for_slashes_at_its_end():
    for url in ("https://h/X", "http://127.0.0.1:1"):
        assert url_policy.check_base_url(url) == url_policy.check_base_url(f"{url}/") == url


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        ("https://u:p@h/v2", "without user, query or fragment"),
        ("https://h/v2?x=1", "without user, query or fragment"),
        ("https://h/v2#f", "without user, query or fragment"),
        ("https://", "without user, query or fragment"),
        ("http://h/v2", "a token must not be sent in clear text"),
        ("ftp://127.0.0.1/v2", "a token must not be sent in clear text"),
        ("https://h:x/", ""),
    ],
)
def test_a_base_url_that_is_none_is_told_with_the_reason(url, fix):
    with pytest.raises(InvalidValue) as caught:
        url_policy.check_base_url(url)
    assert (caught.value.expected, caught.value.fix) == ("https://HOST/PATH, or http on loopback", fix)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/x", True), ("https://127.8.8.8", True), ("http://[::1]/", True), ("http://LOCALHOST/", True),
        ("ftp://localhost", False), ("http://u@localhost", False), ("http://@localhost", False), ("http://[::1", False),
        ("http://10.0.0.1", False), ("http://localhost.evil.example", False), ("http://", False), ("localhost", False),
    ],
)  # fmt: skip
def test_this_machine_is_loopback_by_address_or_name(url, here):
    assert url_policy.is_loopback_url(url) is here
