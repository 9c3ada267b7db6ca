"""Every exception class of a library is mapped, so none escapes."""

from __future__ import annotations

import inspect

import pytest
from support.transports import READ, catch_error

from connector import errors
from connector.core.response.reply import Failure

pyreqwest = pytest.importorskip("pyreqwest", reason="the HTTP library pyreqwest is not installed")
from pyreqwest import exceptions  # noqa: E402

from connector.runtime.http.pyreqwest.clients import MAPPED_EXCEPTIONS, classify_failure  # noqa: E402

CLASSES = [one for _, one in inspect.getmembers(exceptions, inspect.isclass) if issubclass(one, Exception)]


def made(one: type[Exception], *causes: str) -> Exception:
    """Return an exception as the library creates it."""
    if one is exceptions.PyreqwestError:
        return one("canary")
    details = {"causes": [{"message": cause} for cause in causes], "doc": "", "pos": 0, "status": 500}
    return one("canary", details)


@pytest.mark.parametrize("one", [one for one in CLASSES if issubclass(one, exceptions.PyreqwestError)])
def test_each_class_becomes_a_failure_that_quotes_none_of_it(one):
    assert issubclass(one, MAPPED_EXCEPTIONS)
    got = classify_failure(made(one, "error sending request for url (https://x.example/?token=canary)", "canary"))
    assert type(got) is Failure
    assert "canary" not in repr(got)
    assert got.sent == ("nothing" if one in (exceptions.PoolTimeoutError, exceptions.BuilderError) else "maybe")


CONNECT = "client error (Connect)"


@pytest.mark.parametrize(
    ("causes", "kind", "final"),
    [
        (("tcp connect error", "Connection refused (os error 111)"), "refused", False),
        (("tcp connect error", "Network is unreachable (os error 101)"), "connect", False),
        (("Connection reset by peer (os error 104)",), "connect", False),
        (("tls handshake eof",), "connect", False),
        (("operation timed out",), "connect_timeout", False),
        (("dns error", "error resolving DNS", "failed to lookup: Temporary failure in name resolution"), "dns", False),
        (("dns error", "error resolving DNS", "failed to lookup: Name or service not known"), "dns", False),
        (("dns error", "error resolving DNS", "failed to lookup: Non-recoverable failure"), "dns", True),
        (("invalid peer certificate: UnknownIssuer",), "tls", True),
        (("received fatal alert: ProtocolVersion",), "tls", True),
        (("tunnel error: proxy authorization required",), "proxy", True),
        (("tunnel error: unsuccessful",), "proxy", False),
        (("error connecting to socks proxy", "SOCKS error: no acceptable methods"), "proxy", False),
        (("tunnel error: failed", "tcp connect error", "Connection refused (os error 111)"), "refused", False),
    ],
)
def test_without_a_connection_nothing_was_sent_and_the_reason_is_told(causes, kind, final):
    got = classify_failure(made(exceptions.ConnectError, "url", CONNECT, *causes))
    assert (got.kind, got.final, got.sent) == (kind, final, "nothing")


def test_a_library_that_panics_or_raises_what_it_should_not_ends_as_an_error_of_ours(
    runner, server, monkeypatch, clock
):
    one = runner(server.url, http="pyreqwest", clock=clock)
    for error in (
        RuntimeError("canary"),
        ValueError("canary"),
        OSError("canary"),
        exceptions.RequestPanicError("x", {}),
    ):

        def fail(*_args, error=error, **_options):
            raise error

        monkeypatch.setattr("connector.runtime.http.pyreqwest.transport._PyreqwestCall.start_body", fail)
        told = catch_error(one.run, *READ)
        assert type(told) is errors.TransportError
        assert "canary" not in str(told)
