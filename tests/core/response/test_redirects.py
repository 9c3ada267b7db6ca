"""Redirects: credentials stay on allowed hosts, and no request goes to a private network."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.core import url_policy
from connector.core.request.builder import Request
from connector.core.response import redirects
from connector.core.response.reply import Reply

HOSTS = ("zoom.us", "*.zoom.us")
BASE = "https://api.zoom.us"
SIGNED = "X-Amz-Expires=300&X-Amz-Signature=0f8e1d"


def get_request(path="/v2/rec/1", **changed):
    return Request("GET", path, base_url=BASE, **changed)


def follow(to, request=None, status=302):
    return redirects.follow_redirect(request or get_request(), Reply(status, (("location", to),), b""), HOSTS)


def download_request(**changed):
    return get_request(may_leave_hosts=True, **changed)


# Rejected for a read, and for a download, which may leave the allowed hosts.
HOSTILE = [
    "http://storage.example/file", "http://api.zoom.us/v2/rec/1", "HTTP://api.zoom.us/", "ftp://storage.example/file",
    "file:///etc/passwd", "file://api.zoom.us/etc/passwd", "gopher://api.zoom.us/", "javascript:alert(1)",
    "data:text/plain,hello", "ws://api.zoom.us/", "wss://api.zoom.us/", "//169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest/meta-data", "http://169.254.169.254/latest/meta-data/iam/",
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://0/", "https://10.0.0.1/", "https://192.168.0.1/", "https://172.16.0.1/", "https://8.8.8.8/",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://[fe80::1]/",
    "https://[2606:4700::1111]/", "https://localhost/", "https://LOCALHOST/", "https://localhost./",
    "https://localhost.localdomain/", "https://printer.local/", "https://vault.internal/", "https://metadata/",
    "https://metadata.google.internal/", "https://nas.lan/", "https://intranet.corp/", "https://router.home/",
    "https://1.0.0.127.in-addr.arpa/", "https://user@storage.example/", "https://user:password@storage.example/",
    "https://api.zoom.us@storage.example/", "https://api.zoom.us%40storage.example/", "https://storage.example:8443/",
    "https://storage.example:22/", "https://api.zoom.us:8443/v2", "https://storage.example:99999/",
    "https://storage.example:port/", "https://", "https:storage.example\\file",
    "https://storage.example\\@api.zoom.us/", "https://api.zoom.us\\.storage.example/", "\\\\storage.example\\file",
    "https://storage example/", "https://stor\tage.example/", "https://storage.example/a b", "https://storage.example/\r\nX: 1",
    "https://storage.example/\x00", "https://st\u00f6rage.example/", "https://storage\u3002example/",
    "https://xn--/", "https://.zoom.us/", "https://zoom..us/", "https://%61pi.zoom.us/", "https://storage_x.example/",
    "https://[storage.example]/", "https://storage.example]/", "https://[v1.storage]/", 'https://storage.example/"x"',
    "https://storage.example/<x>", "https://api.zoom.us./v2\u2028",
]  # fmt: skip

# Rejected for a read; a download may go there, without its credential.
FOREIGN = [
    "https://storage.example/file", f"https://bucket.s3.amazonaws.com/a.mp4?{SIGNED}", "//storage.example/file",
    "https://zoom.us.storage.example/", "https://notzoom.us/", "https://zoom.us-files.example/",
    "https://storage.example:443/file", "https://xn--zom-lpa.us/", "https://storage.example?x=https://api.zoom.us/",
    "https://storage.example#@api.zoom.us/",
]  # fmt: skip

OURS = ["/v2/rec/2", "2", "?part=1", "https://zoom.us/rec/2", "https://files.zoom.us/2", "https://a.b.zoom.us/x?y=1",
        "https://API.zoom.us/v2/x", "//files.zoom.us/2", "https://api.zoom.us:443/v2", "  /v2/spaces/around  "]  # fmt: skip


@pytest.mark.parametrize("to", HOSTILE)
@pytest.mark.parametrize("request_", [get_request(), download_request()], ids=["read", "download"])
def test_a_hostile_location_is_refused_with_a_reason(to, request_):
    reason = follow(to, request_)
    assert isinstance(reason, str)
    assert reason


@pytest.mark.parametrize(
    "to", ["/v2/\u00f6", "/v2/\x7f", "/v2/a b", '/v2/"', "/v2/<", "/v2/>", "/v2/a\\b", "/v2/a\n", "https://[api/"]
)
def test_what_libraries_would_read_in_different_ways_is_no_url_even_on_the_manifests_hosts(to):
    assert follow(to) == "the address is not a URL"


@pytest.mark.parametrize(
    ("to", "url"),
    [
        (" \t/v2/X\t ", f"{BASE}/v2/X"), ("X#a#b", f"{BASE}/v2/rec/X"), ("https://files.zoom.us?a=1", "https://files.zoom.us/?a=1"),
        ("https://files.zoom.us", "https://files.zoom.us/"), ("https://Files.zoom.us:443/b", "https://Files.zoom.us:443/b"),
    ],
)  # fmt: skip
def test_a_hop_goes_where_the_location_says_to_the_letter(to, url):
    assert follow(to).url == url


@pytest.mark.parametrize("to", FOREIGN)
def test_a_read_never_goes_to_a_host_that_the_manifest_does_not_name(to):
    assert "not a host that may receive credentials" in follow(to)


@pytest.mark.parametrize("to", FOREIGN)
def test_a_download_goes_on_to_a_storage_without_anything_that_says_who_asks(to):
    headers = (("Range", "bytes=5-"), ("If-Range", '"v1"'), ("Accept-Encoding", "identity"), ("X-Api-Key", "k"),
               ("Accept", "*/*"), ("User-Agent", "connector"), ("Zoom-Account", "a"), ("Referer", "https://api.zoom.us/"))  # fmt: skip
    hop = follow(to, download_request(headers=headers))
    assert isinstance(hop, Request)
    assert not hop.sends_credential
    assert [name for name, _ in hop.headers] == ["Range", "If-Range", "Accept-Encoding", "Accept", "User-Agent"]
    assert urlsplit(hop.url).hostname == urlsplit(f"https:{to}" if to.startswith("//") else to).hostname
    assert hop.url.startswith("https://")


@pytest.mark.parametrize("to", OURS)
@pytest.mark.parametrize("request_", [get_request(), download_request()], ids=["read", "download"])
def test_on_the_manifests_hosts_the_credential_comes_along(to, request_):
    hop = follow(to, request_)
    assert isinstance(hop, Request)
    assert hop.sends_credential
    assert url_policy.may_receive_credentials(hop.url, HOSTS)


def test_what_went_without_credentials_never_gets_them_back():
    away = follow("https://storage.example/file", download_request())
    back = follow("https://api.zoom.us/v2/rec/1?again", away)
    assert isinstance(back, Request)
    assert not back.sends_credential
    assert back.redirect_urls == (f"{BASE}/v2/rec/1", "https://storage.example/file")
    within = follow("/other", away)
    assert isinstance(within, Request)
    assert not within.sends_credential


def test_the_query_of_a_storage_is_a_secret_of_the_hop():
    hop = follow(f"https://storage.example/a.mp4?{SIGNED}&Policy=abcdef", download_request())
    assert "0f8e1d" in hop.url
    assert "0f8e1d" not in repr(hop)
    assert "abcdef" not in repr(hop)
    assert "abcdef" not in hop.full_redactor.redact_text(f"no luck with {quote(hop.path)}")


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://s.example/a.mp4", ()), ("https://s.example/a.mp4?", ()), ("https://s.example/a?x=12345&y=", ()),
        ("https://s.example/a?x=123456&bare-key&y=two=parts#z=fragment#more", ("123456", "bare-key", "two=parts")),
        ("https://s.example/a?x=one%2Fpart&y=what?is=it", ("one%2Fpart", "one/part", "what?is=it")),
    ],
)  # fmt: skip
def test_every_value_of_a_query_that_is_long_enough_for_a_key_is_a_secret_as_it_stands_and_decoded(url, secrets):
    assert redirects.extract_signed_values(url) == secrets


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_only_reads_are_sent_on(method, status):
    request = Request(method, "/v2/users", base_url=BASE, may_leave_hosts=True)
    assert "are not redirected" in follow("/v2/other", request, status)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_hop_keeps_method_and_headers_and_drops_the_query(method, status):
    request = Request(method, "/v2/users", base_url=BASE, query=(("page", "2"),), headers=(("X-A", "1"),))
    hop = follow("/v2/members", request, status)
    assert (hop.method, hop.url, hop.headers) == (method, f"{BASE}/v2/members", (("X-A", "1"),))


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 306, 400, 500])
def test_other_statuses_send_nobody_on(status):
    assert follow("/v2/other", status=status) is None


def test_a_redirect_without_a_place_sends_nobody_on():
    assert redirects.follow_redirect(get_request(), Reply(302, (), b""), HOSTS) is None


def test_ten_hops_and_no_more_and_never_in_a_circle():
    request = download_request()
    for count in range(redirects.MAX_REDIRECTS):
        request = follow(f"https://storage.example/{count}", request)
        assert isinstance(request, Request)
    assert "more than 10" in follow("https://storage.example/10", request)
    assert "loop" in follow("https://storage.example/3", request)
    assert "loop" in follow("/v2/rec/1", get_request())
    assert "loop" in follow("/v2/rec/1#other", get_request())


def test_from_loopback_a_download_may_go_on_to_loopback_and_takes_no_credential_to_another_port():
    local = Request("GET", "/v2/rec/1", base_url="http://127.0.0.1:8000/v2", may_leave_hosts=True)
    hop = redirects.follow_redirect(local, Reply(302, (("location", "http://127.0.0.1:9000/file"),), b""), HOSTS)
    assert isinstance(hop, Request)
    assert not hop.sends_credential
    stays = redirects.follow_redirect(local, Reply(302, (("location", "/v2/rec/2"),), b""), HOSTS)
    assert isinstance(stays, Request)
    assert stays.sends_credential
    for inside in ("http://10.0.0.1/", "https://10.0.0.1/", "https://vault.internal/"):
        assert isinstance(redirects.follow_redirect(local, Reply(302, (("location", inside),), b""), HOSTS), str)


PIECE = st.sampled_from([
    "https:", "http:", "//", "/", "\\", "@", ":", "?", "#", ".", "zoom.us", "api.zoom.us", "storage.example", "127.0.0.1",
    "169.254.169.254", "[::1]", "localhost", "443", "80", "%2e", "%00", "user", " ", "\t", "\n", "x", "..", ";", "&",
])  # fmt: skip


@given(st.one_of(st.lists(PIECE, max_size=12).map("".join), st.text(max_size=60)), st.booleans())
@example("https://api.zoom.us\\@storage.example/", True)
def test_whatever_stands_there_the_token_goes_to_the_manifests_hosts_alone(to, may_leave):
    hop = follow(to, get_request(may_leave_hosts=may_leave))
    if not isinstance(hop, Request):
        return
    parts = urlsplit(hop.url)
    assert parts.scheme == "https"
    assert parts.username is None
    assert parts.port in (None, 443)
    assert hop.url.isascii()
    assert not set(hop.url) & set(' \t\r\n\\"<>')
    host = parts.hostname or ""
    ours = host == "zoom.us" or host.endswith(".zoom.us")
    assert hop.sends_credential is ours
    assert ours or (may_leave and "." in host and not host.rpartition(".")[2].isdigit())
