"""The libraries' own debug logs contain no secret."""

from __future__ import annotations

from support import servers
from support.transports import build_request

from connector.core.request.body import Body
from connector.core.request.credential import Credential

LOGGERS = (
    "httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpx2", "httpcore2",
    "httpcore2.connection", "httpcore2.http11", "httpcore2.proxy", "pyreqwest", "reqwest", "hyper", "hyper_util",
    "rustls", "asyncio", "h11",
)  # fmt: skip


def test_no_secret_of_a_request_or_a_reply_is_logged(transport, server, caplog):
    caplog.set_level(1)
    for name in LOGGERS:
        caplog.set_level(1, logger=name)
    headers = [("Set-Cookie", "session=canary-cookie"), ("Location", "https://x.example/?token=canary-link")]
    signed = Credential(
        "canary-token", (("Authorization", "Bearer canary-token"),), (("access_token", "canary-query"),)
    )
    body = Body("json", {"password": "canary-body"}, "application/json")
    for reply in (
        servers.reply(json_={"token": "canary-reply"}, headers=headers),
        servers.redirect("https://x.example/?token=canary-link"),
        servers.raw(b"HTTP/1.1 200 OK\r\nX-Canary: canary-header\r\nContent-Length: x\r\n\r\n"),
        servers.raw(b"canary-garbage\r\n\r\n"),
        servers.cut_length(b"canary-cut", keep=8),
        servers.hang_up(),
    ):
        server.then(reply)
        request = build_request(server.url, "POST", query=(("pwd", "canary-pwd"),), body=body)
        _signed(transport, request, signed)
    if transport.library == "pyreqwest":
        from pyreqwest.logging import flush_logs

        flush_logs()
    assert server.count == 6
    assert server.last.query == [("pwd", "canary-pwd"), ("access_token", "canary-query")]
    said = [f"{one.name} {one.getMessage()} {one.args}" for one in caplog.records]
    assert not [one for one in said if "canary" in one]


def _signed(transport, request, signed):
    import time

    return transport.run(transport.http.send, request, signed, time.monotonic() + 10, None, None)
