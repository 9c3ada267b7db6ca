"""Every error pickles with all of its facts, and no exception of an HTTP library ever comes out of a send."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
import ssl
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpcore
import httpcore2
import httpx
import httpx2
import pytest

from connector import Client, errors
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.core.response.reply import Failure
from connector.core.response.result import Result
from connector.core.response.trace import Trace
from connector.errors import Finding, Problem
from connector.runtime.http.body_reader import DecodingError
from connector.runtime.http.httpx.async_transport import AsyncHttpcoreTransport
from connector.runtime.http.httpx.request import load_library
from connector.runtime.http.httpx.transport import HttpcoreTransport

CLASSES = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.ConnectorError)]
VALUES = {
    "hint": "Do this next.", "retryable": True, "retry_at": datetime(2030, 1, 31, 9, tzinfo=UTC), "outcome": "uncertain", "attempts": 3, "idempotency_key": "key-1", "job": {"action": "getExport", "inputs": {"id": "7"}},
    "debug": Trace([{"what": "wait"}]), "findings": (Finding("f.yaml", 3, 7, "rule", "message"),),
    "problems": (Problem("field", "got", "expected", "fix"),), "scopes": ("a:b", "c:d"), "status": 418, "code": 4711, "request_id": "rid=1",
    "kind": "read_timeout", "limit": 1.5, "elapsed": 2.5, "message": "said", "result": Result({"a": [1]}, 418, {"x": "y"}), "cursor": "c",
    "pages": 7, "path": "/p", "conflict": True, "file": "f.yaml", "line": 3, "column": 7, "rule": "rule",
    "reason": "signature",
}  # fmt: skip


def facts(kind):
    """Every attribute that an error of this class may carry."""
    names = {name for one in kind.__mro__ if one.__module__ == errors.__name__ for name in vars(one)}
    return {
        name: VALUES[name] for name in sorted(names) if not name.startswith("_") and not callable(getattr(kind, name))
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_travels_whole(kind, protocol):
    error = kind("What happened.", **facts(kind))
    for back in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(back) is kind
        assert back.args == error.args
        assert {name: _comparable(value) for name, value in vars(back).items()} == {
            name: _comparable(value) for name, value in vars(error).items()
        }
        assert (str(back), repr(back), back.to_dict()) == (str(error), repr(error), error.to_dict())


def _comparable(value):
    return value.to_dict() if isinstance(value, Result) else value.to_list() if isinstance(value, Trace) else value


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_without_facts_has_them_all_at_their_least(kind):
    error = kind("What happened.")
    assert (error.retryable, error.retry_at) == (kind in (errors.RateLimited, errors.ServiceDown), None)
    assert error.outcome in ("not_sent", "rejected")
    assert str(error) == "What happened."
    assert repr(error) == f"{kind.__name__}('What happened.')"
    shown = error.to_dict()
    json.dumps(shown)
    assert {"type", "message", "hint", "retryable", "retry_at", "outcome", "attempts"} <= set(shown)
    assert pickle.loads(pickle.dumps(error)).to_dict() == shown


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_fact_that_is_none_is_refused(kind):
    with pytest.raises(TypeError):
        kind("What happened.", statuss=5)


def test_many_findings_and_problems_are_told_in_one_text():
    error = errors.DefinitionError.from_findings(
        [Finding("a.yaml", 1, 2, "rule", "one."), Finding("b.yaml", 3, 4, "rule", "two.")]
    )
    assert str(error) == "a.yaml:1:2: rule: one.\nb.yaml:3:4: rule: two."
    assert (error.file, error.line, error.column, error.rule) == ("a.yaml", 1, 2, "rule")
    error = errors.InputError.from_problems("doIt", [Problem("a", "1", "2", "Do."), Problem("b", "3", "4")])
    assert (
        str(error) == "doIt: 2 problems, nothing was sent.\n  a: got 1; expected 2. Fix: Do.\n  b: got 3; expected 4."
    )
    assert error.to_dict()["problems"][1] == {"field": "b", "got": "3", "expected": "4", "fix": ""}


LIBRARY = sorted(
    {
        one
        for library in (httpcore, httpx, httpcore2, httpx2)
        for one in vars(library).values()
        if inspect.isclass(one)
        and issubclass(one, BaseException)
        and one.__module__.split(".")[0] in ("httpcore", "httpx", "httpcore2", "httpx2")
    },
    key=lambda one: f"{one.__module__}.{one.__name__}",
)
SYSTEM = [OSError(5, "io"), ConnectionResetError(104, "reset"), ConnectionRefusedError(111, "refused"), BrokenPipeError(32, "pipe"), TimeoutError(),
          RuntimeError("Event loop is closed"), UnicodeEncodeError("ascii", "é", 0, 1, "no")]  # fmt: skip


def made(kind):
    """An exception of a library, however it wants to be made."""
    for args, named in ((("canary",), {}), (("canary",), {"request": None}), ((), {})):
        try:
            return kind(*args, **named)
        except TypeError:
            continue
    library = sys.modules[kind.__module__.split(".")[0]]
    return kind("canary", request=library.Request("GET", "http://h"), response=library.Response(500))


def libraries(error):
    """Return the libraries that may raise an error: its own, or all for an error of the system."""
    own = type(error).__module__.split(".")[0]
    return [
        name for name in ("httpx", "httpx2") if not own.startswith("http") or own.endswith("2") == name.endswith("2")
    ]


def test_the_walk_finds_the_libraries_exceptions():
    assert {
        httpcore.ConnectError,
        httpcore.PoolTimeout,
        httpx.DecodingError,
        httpx.InvalidURL,
        httpx.StreamClosed,
        httpcore2.ConnectError,
        httpx2.InvalidURL,
    } <= set(LIBRARY)
    assert len(LIBRARY) > 30


@dataclass(eq=False)
class Broken:
    """A connection that fails at once, or while a body is read."""

    error: BaseException
    late: bool
    origin = "http://127.0.0.1:1"

    @property
    def http(self):
        return self

    def start(self, _request):
        if not self.late:
            raise self.error
        self._parts = iter([b"{"])
        return 200, []

    def read_chunk(self):
        for part in self._parts:
            return part
        raise self.error

    def close(self):
        pass


class AsyncBroken(Broken):
    """The same, for tasks."""

    async def start(self, request):
        return super().start(request)

    async def read_chunk(self):
        return super().read_chunk()

    async def end_reply(self):
        return False


def breaking(monkeypatch, seam, error, late):
    """Let every connection of a seam fail."""

    async def line_in_time(_place, _call):
        return AsyncBroken(error, late)

    asynchronous = type(seam).__name__.startswith("Async")
    monkeypatch.setattr(seam, "_acquire", line_in_time if asynchronous else lambda _place, _call: Broken(error, late))
    return seam


@pytest.mark.parametrize("error", [*(made(kind) for kind in LIBRARY), *SYSTEM], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("late", [False, True])
def test_no_exception_of_a_library_comes_out_of_a_send(zoom, token_connection, monkeypatch, clock, error, late):
    request = Request("GET", "/x", base_url="http://127.0.0.1:1/v2")
    until = time.monotonic() + 5
    signed = Credential("t")
    for name in libraries(error):
        assert isinstance(error, load_library(name).exceptions)
        for kind in (HttpcoreTransport, AsyncHttpcoreTransport):
            seam = breaking(monkeypatch, kind(name), error, late)
            got = seam.send(request, signed, until, None, None)
            got = asyncio.run(got) if inspect.isawaitable(got) else got
            assert isinstance(got, Failure)
            assert got.sent == "nothing", "no byte was written"
            assert got.kind
            assert "canary" not in got.message
        seam = breaking(monkeypatch, HttpcoreTransport(name), error, late)
        client = Client(zoom, token_connection, http=seam, clock=clock, base_url="http://127.0.0.1:1/v2")
        with client, pytest.raises(errors.ConnectorError) as caught:
            client.run("getUser", {"userId": "me"})
        assert caught.value.__cause__ is None
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpcore.ConnectTimeout(), "connect_timeout"), (httpcore.ReadTimeout(), "read_timeout"), (httpcore.WriteTimeout(), "write_timeout"),
        (httpcore.PoolTimeout(), "pool_timeout"), (httpcore.ConnectError(), "connect"), (httpcore.ReadError(), "read"),
        (httpcore.WriteError(), "write"), (httpcore.ProxyError(), "proxy"), (httpcore.RemoteProtocolError(), "protocol"),
        (httpcore.LocalProtocolError(), "protocol"), (httpcore2.ReadTimeout(), "read_timeout"), (httpcore2.RemoteProtocolError(), "protocol"),
        (ssl.SSLEOFError(8, "eof"), "connect"), (DecodingError("x"), "decoding"), (ConnectionRefusedError(111, "x"), "refused"),
    ],
)  # fmt: skip
def test_each_way_to_fail_has_a_kind_of_its_own(monkeypatch, error, kind):
    for name in libraries(error):
        seam = breaking(monkeypatch, HttpcoreTransport(name), error, late=False)
        request = Request("GET", "/x", base_url="http://127.0.0.1:1/v2")
        got = seam.send(request, Credential("t"), time.monotonic() + 5, None, None)
        assert (got.kind, got.sent, got.final) == (kind, "nothing", False)
