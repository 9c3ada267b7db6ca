"""A coverage-guided fuzzer of webhook deliveries.

    python tests/fuzz/webhooks.py verify|receive FOLDER [-runs=1000000] [options of libFuzzer]

FOLDER keeps the corpus, which starts with a few deliveries. An input is a line with the name of the service, then the
head and the body of a request; `{}` in a header's value is replaced by the correct one:

    zoom
    x-zm-signature: {}
    x-zm-request-timestamp: {}

    {"event":"meeting.started"}

`verify` checks it; `receive` sends it through the whole receiver. An exception other than WebhookError ends the run, as
does an unexpected status, and an event without a valid signature.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import atheris

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

with atheris.instrument_imports(
    include=[
        "connector.core.webhook.event",
        "connector.core.webhook.signature",
        "connector.core.webhook.verifier",
        "connector.runtime.webhooks.receiver",
    ]
):
    from support.signature_schemes import GITHUB, STANDARD, STRIPE

    from connector import Connector
    from connector.core.webhook.event import Challenge, Event
    from connector.errors import WebhookError
    from connector.runtime.webhooks.receiver import Receiver
    from connector.runtime.webhooks.verify import verifier_for

if TYPE_CHECKING:
    from connector.core.webhook.verifier import WebhookVerifier

NOW = 1_720_707_180.0
ZOOM = Connector.open()
SECRETS = {
    "zoom": (ZOOM, "4fv1RkqGQUq5sWbEz6hA5A"), "github": (GITHUB, "It's a Secret to Everybody"),
    "stripe": (STRIPE, "whsec_of_an_endpoint"), "standard": (STANDARD, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
}  # fmt: skip
STATUSES = (200, 400, 401, 405, 413)
BODIES = [
    '{"event":"meeting.started","event_ts":1720707175904,"payload":{"account_id":"a","object":{"id":"8","uuid":"u=="}}}',
    '{"event":"endpoint.url_validation","event_ts":1720707175904,"payload":{"plainToken":"xys8n8PGS7mAU0m5-YJjRA"}}',
    '{"id":"evt_1","type":"customer.created","created":1720707175,"account":"acct","data":{"object":{"id":"cus_1"}}}',
    '{"action":"opened","repository":{"id":9,"owner":{"login":"octocat"}}}',
    '{"event":"\\ud83d","event_ts":1e999,"payload":{"object":{"id":[[[{"a":1.0}]]],"uuid":null}}}',
    ' {"event" : "a" , "event_ts" : 123456789012345678901234567890 , "payload":"\\u0000\\/" }\n', "null", "[]", "\ufeff{}",
]  # fmt: skip


def read(data: bytes):
    """Return the connector, secret, headers and body of an input, and whether it contains the correct digest."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    connector, secret = SECRETS.get(first.strip()) or list(SECRETS.values())[len(first) % len(SECRETS)]
    right = {
        name.lower(): value for name, value in verifier_for(connector).sign(secret, int(NOW), body, "id-1").items()
    }
    pairs = [(name, value.strip(" ")) for name, colon, value in (line.partition(":") for line in lines) if colon]
    headers = [(name, value.replace("{}", right.get(name.lower(), ""))) for name, value in pairs]
    digest = right[verifier_for(connector).trigger.signature.header.lower()][-44:]
    return connector, secret, headers, body, any(digest in value for _, value in headers)


def verify(data: bytes) -> None:
    connector, secret, headers, body, signed = read(data)
    scheme = verifier_for(connector)
    try:
        got = scheme.verify(["an-older-secret-AAAA", secret] if connector is ZOOM else [secret], headers, body, NOW)
    except WebhookError as error:
        status = error.status
    else:
        status = 200
        check_result(scheme, got, body)
    assert status in (200, 400, 401)
    assert signed or status == 401, "an unsigned body is answered by its contents"


def check_result(scheme: WebhookVerifier, got: Event | Challenge, body: bytes) -> None:
    """Check the result of a delivery."""
    if isinstance(got, Challenge):
        assert all(isinstance(one, str) for one in got.reply.values())
        return
    assert isinstance(got, Event)
    assert got.raw == body
    assert got.name.isprintable()
    assert got.subject.isprintable()
    assert len(got.key) == 64
    assert repr(got)
    assert scheme.restore_event(body, got.name, got.key, got.headers) == got


class NullInbox:
    """An inbox that stores nothing."""

    def open(self) -> None:
        """Take any event."""

    def claim(self, *_: object) -> None:
        """Belong to any connector."""

    clock = SimpleNamespace(time=lambda: NOW)

    def put_all_async(self, events: list[Event], _source: str = "") -> asyncio.Future[None]:
        """Accept events as a database would: their texts must be storable."""
        for text in (text for event in events for text in (event.name, event.subject, event.key, event.trigger)):
            assert "\0" not in text.encode().decode()
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


LOOP = asyncio.new_event_loop()
RECEIVERS = {connector: Receiver(connector, secret, inbox=NullInbox()) for connector, secret in SECRETS.values()}


def receive(data: bytes) -> None:
    connector, _, headers, body, signed = read(data)
    lower_headers = {name.lower(): value for name, value in headers}
    raw = [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in headers]
    scope = {
        "type": "http", "method": lower_headers.get(":method", lower_headers.get("method", "POST")), "path": "/", "raw_path": b"/", "headers": raw,
        "query_string": b"", "http_version": "1.1", "scheme": "http", "root_path": "", "server": None, "client": None,
    }  # fmt: skip
    half = len(body) // 2
    coming = [body[:half], body[half:]]
    if "gone" in lower_headers:
        coming = [body[:half], None]
    sent = []

    async def receiving():
        chunk = coming.pop(0) if coming else None
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(coming)}

    async def sending(message):
        sent.append(message)

    LOOP.run_until_complete(RECEIVERS[connector](scope, receiving, sending))
    if not sent:
        assert "gone" in lower_headers
        return
    assert sent[0]["status"] in STATUSES, sent
    assert signed or sent[0]["status"] != 200, "an event without a valid signature"
    answer = b"".join(message.get("body", b"") for message in sent[1:])
    assert len(answer) < 500
    assert sent[0]["status"] == 200 or not answer, "a refusal must not give its reason"


def write_seeds(folder: Path) -> None:
    """Write the initial deliveries into the corpus."""
    for name, (connector, secret) in SECRETS.items():
        for number, body in enumerate(BODIES):
            right = verifier_for(connector).sign(secret, int(NOW), body.encode(), "id-1")
            lines = "".join(f"{header}: {{}}\n" for header in right)
            more = "x-github-event: issues\n" if connector is GITHUB else ""
            (folder / f"{name}-{number}").write_text(f"{name}\n{lines}{more}\n{body}")
            bare = "".join(f"{header}: {value}\n" for header, value in right.items())
            (folder / f"{name}-{number}-written").write_text(f"{name}\n{bare}\n{body}")


def main() -> None:
    """Fuzz as the command line says."""
    what, folder, *options = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_seeds(Path(folder))
    LOOP.set_debug(False)
    atheris.Setup([sys.argv[0], folder, *options], {"verify": verify, "receive": receive}[what])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
