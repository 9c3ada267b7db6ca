"""Nobody reaches a page but the browser that began with the key, from the console's own pages."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest
from support.pages.browsing.consoles import ORIGIN, PORT, make_desk, serve

from connector.console import security, server
from connector.console.rendering import CONSOLE
from connector.console.security import MAX_BODY, Keys

if TYPE_CHECKING:
    from connector.console.desk import Desk

SAME = {"origin": "{origin}", "sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
RUN = "/actions/createMeeting/run"
CANARIES = ("c4n4ry-of-a-reply", "c4n4ry-pw")
BODY = b"in.userId=me&in.topic=Mine"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "STATE", "DATA", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.mktemp(name.lower())))
        yield


class Opened(NamedTuple):
    """A console on a port, with what the browser has that opened it."""

    desk: Desk
    port: int
    cookie: str
    token: str
    place: str  # where its pages are


@pytest.fixture(scope="module")
def console(folders):
    """A console on a port."""
    desk = make_desk()
    with serve(desk) as address:
        parts = urlsplit(address)
        headers = ask(parts.port, "GET", f"/?{parts.query}", {})[1]
        cookie = headers["set-cookie"].partition(";")[0]
        yield Opened(desk, parts.port, cookie, parts.query.partition("=")[2], headers["location"].rstrip("/"))


def ask(port, method, path, headers, body=b""):
    """Send a request as it is written, and return status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"host": f"127.0.0.1:{port}", **headers}.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                connection.putheader(name, one)
    if body or method == "POST":
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    reply = connection.getresponse()
    read = reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    connection.close()
    return read


HOSTILE = {
    "no key": ("GET", "/", {"cookie": None}),
    "the cookie alone, which another port saw": ("GET", "!/", {}),
    "the cookie alone, for a page": ("GET", "!/runs", {}),
    "the cookie alone, for a form": ("POST", f"!{RUN}", SAME),
    "the cookie with a guessed place": ("GET", "!/AAAAAAAAAAAAAAAAAAAAAA/runs", {}),
    "the place with no page": ("GET", "!{place}", {}),
    "the place with more behind it": ("GET", "!{place}x/runs", {}),
    "our IPv6 address, which is not bound": ("GET", "/", {"host": "[::1]:{port}"}),
    "a form without a key": ("POST", RUN, {**SAME, "cookie": None}),
    "a wrong cookie": ("GET", "/runs", {"cookie": "{name}=guess"}),
    "the cookie of another console": ("GET", "/runs", {"cookie": "connector-console-2={value}"}),
    "a wrong token": ("GET", "!/?token=guess", {"cookie": None}),
    "the token at another page": ("GET", "!/runs?token={token}", {"cookie": None}),
    "a foreign host": ("GET", "/", {"host": "evil.example"}),
    "a rebound name with our port": ("GET", "/", {"host": "evil.example:{port}"}),
    "our address with another port": ("GET", "/", {"host": "127.0.0.1:1"}),
    "a name that ends as ours": ("GET", "/", {"host": "evil.localhost:{port}"}),
    "two hosts": ("GET", "/", {"host": ["127.0.0.1:{port}", "evil.example"]}),
    "no host": ("GET", "/", {"host": None}),
    "a form of another site": ("POST", RUN, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}),
    "a form of another port": ("POST", RUN, {"origin": "http://127.0.0.1:1", "sec-fetch-site": "same-site"}),
    "a form of a sandboxed frame": ("POST", RUN, {"origin": "null", "sec-fetch-site": "cross-site"}),
    "the origin null alone": ("POST", RUN, {"origin": "null"}),
    "a form without origin": ("POST", RUN, {}),
    "a form that nobody's page sent": ("POST", RUN, {"sec-fetch-site": "none"}),
    "a form whose origin lies about its site": ("POST", RUN, {"origin": "{origin}", "sec-fetch-site": "cross-site"}),
    "a page within another site": ("GET", "/", {"sec-fetch-site": "cross-site"}),
    "a page asked for by another port": ("GET", "/", {"sec-fetch-site": "same-site"}),
    "https of ours": ("POST", RUN, {"origin": "https://127.0.0.1:{port}", "sec-fetch-site": "same-origin"}),
    "two origins": ("POST", RUN, {"origin": ["{origin}", "https://evil.example"], "sec-fetch-site": "same-origin"}),
    "PUT": ("PUT", RUN, SAME),
    "DELETE": ("DELETE", "/connections/work", SAME),
    "OPTIONS": ("OPTIONS", RUN, {"origin": "https://evil.example", "access-control-request-method": "POST"}),
    "a run by GET": ("GET", RUN, {}),
    "a path out of the static files": ("GET", "/static/0.1.0/../app.py", {}),
    "an encoded path out of them": ("GET", "/static/0.1.0/%2e%2e/%2e%2e/manifest.yaml", {}),
    "a static file without a key": ("GET", "/static/0.1.0/pico.min.css", {"cookie": None}),
    "an absolute target": ("GET", "!http://evil.example/", {"host": "evil.example"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_request_reaches_nothing(console, name):
    desk, port, cookie, token, place = console
    method, path, headers = HOSTILE[name]
    path = path.removeprefix("!") if path.startswith("!") else place + path
    own, _, value = cookie.partition("=")
    words = {
        "port": port,
        "origin": f"http://127.0.0.1:{port}",
        "name": own,
        "value": value,
        "token": token,
        "place": place,
    }

    def fill(text):
        return text if text is None else [fill(one) for one in text] if isinstance(text, list) else text.format(**words)

    sent = {key: fill(text) for key, text in {"cookie": cookie, **FORM, **headers}.items()}
    status, got, body = ask(port, method, fill(path), sent, BODY if method == "POST" else b"")
    assert status in (400, 401, 403, 404, 405, 421), name
    assert "access-control-allow-origin" not in got
    assert b"Zoom" not in body or status in (404, 405), "a page of the console itself"
    assert desk.log.find() == [], "nothing was called"


def test_the_same_request_from_an_own_page_passes(console):
    _, port, cookie, _, place = console
    headers = {"cookie": cookie, "origin": f"http://127.0.0.1:{port}", "sec-fetch-site": "same-origin", **FORM}
    status, got, _ = ask(port, "POST", f"{place}/actions/getMeeting/dry-run", headers, b"in.meetingId=1")
    assert status == 200
    assert got["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in got["content-security-policy"]
    assert got["cache-control"] == "no-store"
    assert got["x-content-type-options"] == "nosniff"
    assert "server" not in got


def test_the_key_leaves_the_address_and_the_cookie_stays_with_this_site(folders):
    with serve(make_desk()) as address:
        parts = urlsplit(address)
        status, got, _ = ask(parts.port, "GET", f"/?{parts.query}", {})
    assert status == 303
    assert re.fullmatch(r"/[\w-]{22}/", got["location"])
    assert f"; Path={got['location']};" in got["set-cookie"]
    assert "HttpOnly" in got["set-cookie"]
    assert "SameSite=Strict" in got["set-cookie"]
    assert "Domain" not in got["set-cookie"]
    assert got["location"].strip("/") not in address, "who sees the address does not know where the pages are"
    assert parts.query.partition("=")[2] not in json.dumps(got), "the cookie is another secret"


def test_a_token_that_another_program_was_given_opens_once():
    keys = Keys()
    once, always = keys.make_token(once=True), keys.make_token()
    assert [bool(keys.open(once)), bool(keys.open(once))] == [True, False]
    assert [bool(keys.open(always)), bool(keys.open(always))] == [True, True]
    assert keys.open("") is None


def test_a_form_that_is_too_large_is_refused(visitor):
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-length": str(MAX_BODY + 1)}
    assert visitor._http.post(RUN, content=b"x", headers=headers).status_code == 413
    chunks = (b"in.topic=" + b"x" * 1_000_000 for _ in range(MAX_BODY // 1_000_000 + 2))
    seen = visitor._http.post(
        RUN, content=chunks, headers={**FORM, **{key: headers[key] for key in ("origin", "sec-fetch-site")}}
    )
    assert seen.status_code == 413
    assert f"127.0.0.1:{PORT}" in ORIGIN


def test_connections_whose_requests_do_not_arrive_are_closed(console, monkeypatch):
    monkeypatch.setattr(server, "_REQUEST_SECONDS", 0.3)
    parts = [b"", b"GET / HTTP/1.1\r\nHost: 127", b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\nGET /" % console.port]
    for part in parts:
        with socket.create_connection(("127.0.0.1", console.port), timeout=10) as slow:
            slow.sendall(part)
            while slow.recv(65536):
                pass


def test_a_form_that_does_not_arrive_is_refused(console, monkeypatch):
    monkeypatch.setattr(security, "BODY_SECONDS", 0.3)
    origin = f"http://127.0.0.1:{console.port}"
    lines = [
        f"POST {console.place}{RUN} HTTP/1.1", f"Host: 127.0.0.1:{console.port}", f"Origin: {origin}",
        "Sec-Fetch-Site: same-origin", f"Cookie: {console.cookie}", f"Content-Type: {FORM['content-type']}",
        "Content-Length: 100", "", "in.topic=",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", console.port), timeout=10) as slow:
        slow.sendall("\r\n".join(lines).encode())
        got = b"".join(iter(lambda: slow.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 408")
    assert b"The form did not arrive within" in got
    assert console.desk.log.find() == []


def test_a_page_that_listens_for_news_may_wait(console, monkeypatch):
    monkeypatch.setattr(server, "_REQUEST_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", console.port), timeout=10) as page:
        lines = [f"GET {console.place}/events/news HTTP/1.1", f"Host: 127.0.0.1:{console.port}"]
        page.sendall("\r\n".join([*lines, f"Cookie: {console.cookie}", "", ""]).encode())
        until, got = time.monotonic() + 1.5, b""
        while time.monotonic() < until:
            got = page.recv(65536)
            assert got


def test_what_looks_like_an_address_in_data_becomes_none(visitor):
    place = visitor.keys.root_path
    page = visitor._http.get("/actions", params={"q": ' href="/runs" src="/x'}).text
    assert page.count(place) == page.count(f'="{place}/') > 0


def test_what_the_service_says_is_text_and_no_markup(visitor):
    topic = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    seen = visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": topic})
    pages = [seen, visitor.get("/"), visitor.get("/runs"), visitor.get(f"/runs/{visitor.desk.log.find()[0].id}")]
    pages.append(visitor.get("/actions", q=topic))
    pages.append(visitor.get("/connections/new", kind="oauth2", name=topic))
    for page in pages:
        assert "<script>alert" not in page.html
        assert "<img" not in page.html
    assert "&lt;script&gt;" in seen.html


def test_no_page_has_anything_inline(visitor):
    visitor.post("/connections", {"kind": "serverToServer", "name": "work"})
    for path in (
        "/",
        "/connections",
        "/connections/work",
        "/connections/new?kind=oauth2",
        "/actions/createMeeting",
        "/runs",
    ):
        html = visitor.get(path).html
        assert " style=" not in html
        assert "<style" not in html
        assert not re.search(r"<script(?! src=\"/static/)", html)
        assert not re.search(r"\son[a-z]+=", html)
        assert not re.search(r"hx-on|javascript:", html)


def test_secrets_that_the_service_or_a_person_says_stand_in_no_page_log_or_copy(visit, caplog):
    visitor = visit()
    with caplog.at_level(0):
        visitor.desk.context.sandbox_instance.reply(
            "getUser", body={"id": "u", "access_token": CANARIES[0], "note": "ok"}
        )
        pages = [visitor.post("/actions/getUser/run", {"in.userId": "me"})]
        visitor.desk.context.sandbox_instance.reply("listUsers", body={"message": f"token={CANARIES[0]}"}, status=400)
        pages.append(visitor.post("/actions/listUsers/run", {}))
        for name in ("dry-run", "choices", "run"):
            form = {"in.userId": "me", "in.password": CANARIES[1], "in.topic": "x", "choices": "userId"}
            pages.append(visitor.post(f"/actions/createMeeting/{name}", form))
        runs = visitor.desk.log.find()
        pages += [visitor.get("/"), visitor.get("/runs"), *(visitor.get(f"/runs/{run.id}") for run in runs)]
    kept = json.dumps([run.to_dict() for run in runs])
    assert "ok" in pages[0].text
    assert len(runs) >= 3
    for canary in CANARIES:
        assert canary not in kept + caplog.text + "".join(page.html for page in pages)


def test_a_page_of_a_sandbox_that_has_ended_calls_no_service(visitor):
    form = {"in.userId": "me", "in.topic": "x"}
    assert f'name="console" value="{CONSOLE}"' in visitor.get("/actions/createMeeting").html
    seen = visitor.post(RUN, {**form, "console": "another"})
    assert seen.status == 409
    assert visitor.desk.log.find() == []
    assert visitor.post(RUN, {**form, "console": CONSOLE}).status == 200


def test_every_form_that_is_posted_says_whose_page_it_stands_in(visitor):
    visitor.post("/connections", {"kind": "serverToServer", "name": "work"})
    visitor.post(RUN, {"in.userId": "me", "in.topic": "x"})
    run = visitor.desk.log.find()[0].id
    for path in ("/connections/work", "/connections/new?kind=oauth2", "/actions/createMeeting", f"/runs/{run}"):
        html = visitor.get(path).html
        assert html.count('method="post"') == html.count('<input type="hidden" name="console"') > 0, path
