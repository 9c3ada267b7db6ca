"""Proxies: https uses CONNECT, credentials are never shown, and loopback is reached directly."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import inspect
import logging
import threading
import time

import pytest
from support import proxies, servers
from support.certificates import Issuer
from support.pace import WIDE
from support.servers import TOKEN, Counting, free_port
from support.transports import CREATE, READ

from connector import errors
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.runtime.http.httpx.request import CORE_LIBRARIES
from connector.runtime.http.proxies import NetworkSettingError, Proxy, find_proxy
from connector.runtime.http.transport import load_transport

HOST = "api.example.test"  # a name that only the proxy knows
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("proxies"))


@pytest.fixture
def service(issuer, monkeypatch):
    """Run the service behind the proxy, with a trusted certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.pem))
    with Counting(servers.reply(json_={"id": "u1"}), tls=issuer.server(HOST)) as one:
        yield one


@pytest.fixture
def proxy(service):
    with Counting(proxies.tunnel(service.port)) as one:
        yield one


HTTPX = ["httpx", "httpx2"]


@pytest.fixture(params=[*HTTPX, "pyreqwest"])
def library(request):
    pytest.importorskip(request.param)
    return request.param


def base(service):
    return f"https://{HOST}:{service.port}/v2"


def failed(run, *args, **options):
    with pytest.raises(errors.ConnectorError) as caught:
        run(*args, **options)
    return caught.value


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_https_goes_through_a_tunnel_and_the_proxy_sees_no_token(runner, service, proxy, monkeypatch, library, name):
    monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    one = runner(base(service), http=library)
    for _ in range(3):
        assert one.run(*READ).data == {"id": "u1"}
    assert (service.count, service.connections) == (3, 1), "the tunnel is used again"
    assert service.last.header("authorization") == f"Bearer {TOKEN}"
    assert (proxy.count, proxy.last.method, proxy.last.target) == (1, "CONNECT", f"{HOST}:{service.port}".encode())
    assert proxy.last.header("authorization") is None
    assert TOKEN.encode() not in proxy.last.head


def test_the_users_name_and_password_go_to_the_proxy_and_show_nowhere(
    runner, service, proxy, monkeypatch, library, caplog
):
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:canary%2Fp%40ss@127.0.0.1:{proxy.port}")
    basic = base64.b64encode(b"ada:canary/p@ss").decode()
    caplog.set_level(logging.DEBUG)
    one = runner(base(service), http=library)
    result = one.run(*READ, debug=True)
    assert proxy.last.header("proxy-authorization") == f"Basic {basic}"
    assert service.last.header("proxy-authorization") is None
    shown = "".join([caplog.text, repr(one.client), repr(result.debug.to_list())])
    for secret in ("canary", basic, TOKEN):
        assert secret not in shown


@pytest.mark.parametrize("library", HTTPX, indirect=True)
def test_the_librarys_logs_of_a_tunnel_have_no_secret_of_a_reply(runner, service, proxy, monkeypatch, library, caplog):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    caplog.set_level(logging.DEBUG)
    service.always(servers.reply(json_={"id": "u1"}, headers=[("Set-Cookie", "session=canary-cookie")]))
    assert runner(base(service), http=library).run(*READ).data == {"id": "u1"}
    heard = [record for record in caplog.records if record.name == f"{CORE_LIBRARIES[library]}.http11"]
    assert heard, "the library's own connections are used through a proxy, and they log"
    assert "canary" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_proxy_that_refuses_who_asks_is_not_asked_again(runner, service, proxy, monkeypatch, library, caplog, clock):
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:canary@127.0.0.1:{proxy.port}")
    caplog.set_level(logging.DEBUG)
    proxy.always(servers.reply(407, {"message": "no"}, headers=[("Proxy-Authenticate", "Basic")]))
    error = failed(runner(base(service), http=library, clock=clock).run, *CREATE)
    assert (error.kind, error.outcome, error.retryable, error.attempts) == ("proxy", "not_sent", False, 1)
    assert "407" in str(error) or "authorization required" in str(error)
    assert f"http://127.0.0.1:{proxy.port}" in str(error)
    assert "HTTPS_PROXY" in error.hint
    shown = "".join([caplog.text, str(error), repr(error)])
    for secret in ("canary", base64.b64encode(b"ada:canary").decode(), TOKEN):
        assert secret not in shown


def test_a_proxy_that_cannot_reach_the_service_is_asked_again(runner, service, proxy, monkeypatch, library, clock):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    proxy.then(servers.reply(502), servers.hang_up())
    assert runner(base(service), http=library, clock=clock).run(*CREATE).attempts == 3
    assert (proxy.count, service.count) == (3, 1)


def test_a_proxy_that_is_down_is_named_and_nothing_was_sent(runner, service, monkeypatch, library, clock):
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    error = failed(runner(base(service), http=library, clock=clock).run, *CREATE)
    assert (error.kind, error.outcome, error.attempts) == ("refused", "not_sent", 3)
    assert f"through the proxy http://127.0.0.1:{port}" in str(error)
    assert service.connections == 0


def test_a_proxy_that_says_nothing_ends_with_the_call_and_nothing_was_sent(
    runner, service, proxy, monkeypatch, library
):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    proxy.always(servers.silence())
    began = time.monotonic()
    error = failed(runner(base(service), http=library).run, *CREATE, timeout=0.5)
    assert time.monotonic() - began < WIDE
    known = "not_sent" if library in HTTPX else "uncertain"  # pyreqwest does not tell what its time was spent on
    assert (type(error), error.outcome) == (errors.DeadlineError, known)


def test_a_reply_that_is_lost_in_the_tunnel_leaves_a_write_open(runner, service, proxy, monkeypatch, library):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    service.always(servers.hang_up())
    error = failed(runner(base(service), http=library).run, *CREATE)
    assert (error.outcome, service.count) == ("uncertain", 1)


def test_a_service_behind_a_proxy_must_prove_itself_too(runner, issuer, service, monkeypatch, library):
    with Counting(tls=issuer.server("other.example.test")) as other, Counting(proxies.tunnel(other.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        error = failed(runner(base(service), http=library).run, *READ)
        assert (error.kind, error.outcome, other.count) == ("tls", "not_sent", 0)


def test_a_proxy_may_speak_tls_itself(runner, issuer, service, monkeypatch, library):
    with Counting(proxies.tunnel(service.port), tls=issuer.server("localhost")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://localhost:{proxy.port}")
        one = runner(base(service), http=library)
        for _ in range(2):
            assert one.run(*READ).data == {"id": "u1"}
        assert (proxy.count, service.count) == (1, 2)


@pytest.mark.parametrize("exception", [HOST, ".example.test", "example.test", "*", f"x.y, {HOST}:PORT"])
def test_no_proxy_leaves_the_proxy_out(runner, service, proxy, monkeypatch, library, exception, clock):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", exception.replace("PORT", str(service.port)))
    error = failed(runner(base(service), http=library, clock=clock).run, *READ)
    assert (error.kind, proxy.connections) == ("dns", 0), "the name is looked up here, where nobody knows it"


def test_this_machine_is_reached_directly(runner, server, proxy, monkeypatch, library):
    for name in NAMES[:3]:
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
    server.always(servers.reply(json_={"id": "here"}))
    assert runner(server.url, http=library).run(*READ).data == {"id": "here"}
    assert proxy.connections == 0


def sent(library, kind, request, token=None):
    """Send one request through a transport."""
    transport = load_transport(library, asynchronous=kind == "async")
    until = time.monotonic() + WIDE

    async def once():
        got = transport.send(request, token or Credential(""), until, None, threading.Event())
        got = await got if inspect.isawaitable(got) else got
        await transport.aclose()
        return got

    if kind == "async":
        return asyncio.run(once())
    got = transport.send(request, token or Credential(""), until, None, threading.Event())
    transport.close()
    return got


@pytest.mark.parametrize("library", [*HTTPX, "pyreqwest"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_plain_http_is_forwarded_but_never_with_credentials(monkeypatch, library, kind):
    with Counting(servers.reply(json_={})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:secret@127.0.0.1:{proxy.port}")
        request = Request("GET", "/x", query=(("a", "b"),), base_url=f"http://{HOST}/v2")
        assert sent(library, kind, request).status == 200
        assert proxy.last.head.split(b"\r\n")[0] == f"GET http://{HOST}/v2/x?a=b HTTP/1.1".encode()
        assert proxy.last.header("host") == HOST
        assert proxy.last.header("proxy-authorization")
        got = sent(library, kind, request, Credential("t", headers=(("Authorization", "Bearer t"),)))
        assert (got.kind, got.sent, got.final, proxy.count) == ("proxy", "nothing", True, 1)


@pytest.mark.parametrize("user", [None, b"\x01\x03ada\x06p\xc3\xa4ss!"])
def test_a_socks_proxy_looks_the_name_up(runner, service, monkeypatch, library, user):
    with proxies.Socks(service.port, user=user) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://{'ada:p%C3%A4ss!@' if user else ''}127.0.0.1:{proxy.port}")
        one = runner(base(service), http=library)
        for _ in range(2):
            assert one.run(*READ).data == {"id": "u1"}
        assert proxy.asked == [(HOST.encode(), service.port)]
        assert service.count == 2


@pytest.mark.parametrize(
    "strange", [b"", b"HTTP/1.1 400 What\r\n\r\n", b"\x05\xff", b"\x05\x09", b"\x04\x00", b"\x05", b"\x05\x02"]
)
def test_a_socks_proxy_that_answers_strangely_is_a_typed_error(runner, service, monkeypatch, library, strange, clock):
    with proxies.Socks(service.port, strange=strange) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.port}")
        error = failed(runner(base(service), http=library, clock=clock).run, *CREATE)
        assert (type(error), error.outcome) == (errors.TransportError, "not_sent")
        assert service.connections == 0


def test_a_socks_proxy_that_refuses_us_is_a_typed_error(runner, service, monkeypatch, library, clock):
    with proxies.Socks(service.port, user=b"\x01\x03ada\x05right") as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5://ada:canary@127.0.0.1:{proxy.port}")
        error = failed(runner(base(service), http=library, clock=clock).run, *CREATE)
        assert (error.kind, error.outcome) == ("proxy" if library in HTTPX else error.kind, "not_sent")
        assert "canary" not in str(error)


@pytest.mark.parametrize("library", HTTPX)
def test_socks_without_its_package_names_the_extra(runner, service, monkeypatch, library):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "socksio" else find(name, *rest)
    )
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    error = failed(runner(base(service), http=library).run, *READ)
    assert (error.kind, error.retryable, error.outcome) == ("proxy", False, "not_sent")
    assert "[socks]" in str(error) or "the extra socks of" in str(error)


class TestTheSetting:
    """Return the proxy for a host."""

    @pytest.mark.parametrize(
        ("url", "proxy"),
        [
            ("http://p:3128", Proxy("http", "p", 3128)),
            ("p:3128", Proxy("http", "p", 3128)),
            ("https://p", Proxy("https", "p", 443)),
            ("http://a%40b:c%2Fd@p/", Proxy("http", "p", 80, ("a@b", "c/d"))),
            ("http://[::1]:8080", Proxy("http", "::1", 8080)),
            ("socks5h://p", Proxy("socks5h", "p", 1080)),
        ],
    )
    def test_is_read(self, monkeypatch, url, proxy):
        monkeypatch.setenv("HTTPS_PROXY", url)
        assert find_proxy("https", HOST, 443) == proxy
        assert "c/d" not in repr(find_proxy("https", HOST, 443))

    @pytest.mark.parametrize(
        "url", ["ftp://p", "http://", "http://p:port", "http://p:99999", "socks4://p", "http://[::1"]
    )
    def test_that_makes_no_sense_is_named_and_not_shown(self, monkeypatch, url):
        monkeypatch.setenv("ALL_PROXY", url.replace("//", "//ada:canary@"))
        with pytest.raises(NetworkSettingError, match="ALL_PROXY") as caught:
            find_proxy("https", HOST, 443)
        assert "canary" not in str(caught.value)

    def test_small_letters_win_and_the_schemes_own_wins_over_all(self, monkeypatch):
        monkeypatch.setenv("ALL_PROXY", "http://all:1")
        assert find_proxy("https", HOST, 443) == Proxy("http", "all", 1)
        monkeypatch.setenv("HTTPS_PROXY", "http://large:1")
        assert find_proxy("https", HOST, 443) == Proxy("http", "large", 1)
        monkeypatch.setenv("https_proxy", "http://small:1")
        assert find_proxy("https", HOST, 443) == Proxy("http", "small", 1)
        monkeypatch.setenv("https_proxy", "")
        assert find_proxy("https", HOST, 443) == Proxy("http", "all", 1), "empty in small letters switches it off"

    @pytest.mark.parametrize(
        ("exceptions", "host", "direct"),
        [
            ("example.test", "api.example.test", True),
            ("example.test", "example.test", True),
            ("example.test", "myexample.test", False),
            (".example.test", "example.test", True),
            ("*.example.test", "api.example.test", True),
            ("EXAMPLE.test", "api.Example.TEST", True),
            ("api.example.test:443", "api.example.test", True),
            ("api.example.test:8443", "api.example.test", False),
            ("10.0.0.0/8", "10.1.2.3", True),
            ("10.0.0.0/8", "11.1.2.3", False),
            ("10.1.2.3", "10.1.2.3", True),
            ("fd00::/8", "fd00::1", True),
            ("[fd00::1]:443", "fd00::1", True),
            ("10.0.0.0/8", "api.example.test", False),
            (" , ,", "api.example.test", False),
            ("a, b ,*", "api.example.test", True),
        ],
    )
    def test_has_exceptions(self, monkeypatch, exceptions, host, direct):
        monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
        monkeypatch.setenv("NO_PROXY", exceptions)
        assert (find_proxy("https", host, 443) is None) == direct

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
    def test_never_leads_to_this_machine(self, monkeypatch, host):
        monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
        assert find_proxy("https", host, 443) is None
