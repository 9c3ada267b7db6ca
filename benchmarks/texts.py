"""What long texts cost: each way that a text of others takes through the package, by its growth.

The ratio is the time of a text of 1 MB by ten times that of 100 kB: 1 is linear, 10 is the square.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from benchmarks.rounds import Row
from connector import Client, Connection, Connector, errors
from connector.core.redaction import redactor_for
from connector.core.response.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.service import Service

SHORT, LONG = 100_000, 1_000_000
UNITS = (
    "a.a.", "\\", "abcd-abcd-", '"message":"', "scopes:[", '"a":"', "://a",
    "Bearer ", "basic%20", "%25", "%41", "&amp;",
    "&#x0", "\\u0041", '{"token":"x\\', "&token=", "%26token%3D", '\\"', "\x1b[", "\u202e",
)  # fmt: skip


class Refusing:
    """A transport that answers every request with an error of this body."""

    def __init__(self) -> None:
        self.body = b""

    def send(self, *_: object) -> Reply:
        """Return the error."""
        return Reply(400, (("content-type", "application/json"),), self.body)


def rows(server: Service, count: int) -> Iterator[Row]:
    """Measure each way with each text; a row tells the slowest."""
    del server  # nothing is sent
    connector, http = Connector.open(), Refusing()
    connection = Connection(connector, "accessToken", accessToken="a-token-of-the-benchmark")
    redactor = redactor_for(connector).with_secrets(["a-token-of-the-benchmark", "h4rb0ur"])
    with Client(connector, connection, http=http) as client:

        def refuse(text: str, *, debug: bool = False) -> None:
            http.body = json.dumps({"code": 104, "message": text}).encode()
            _fail(client, {"userId": "me"}, debug=debug)

        ways: dict[str, Callable[[str], object]] = {
            "redacted whole": redactor.redact_text,
            "redacted for 500 characters": lambda text: redactor.redact_text(text, 500),
            "a wrong input": lambda text: _fail(client, {"userId": "me", text: text}),
            "the message of an error reply": refuse,
            "the same, with debug records": lambda text: refuse(text, debug=True),
        }
        for name, work in ways.items():
            yield _measure(name, work, count)


def _fail(client: Client, given: dict[str, str], *, debug: bool = False) -> None:
    try:
        client.run("getUser", given, debug=debug)
    except errors.ConnectorError as error:
        str(error)


def _measure(name: str, work: Callable[[str], object], count: int) -> Row:
    seconds = {unit: [_best(work, unit, length, count) for length in (SHORT, LONG)] for unit in UNITS}
    unit, (short, long) = max(seconds.items(), key=lambda item: item[1][1])
    what = f"a text of 1 MB, {name}; slowest of {len(UNITS)}: {unit!r}"
    return Row(
        what, f"{long * 1000:.1f} ms", f"ten times 100 kB: {short * 10_000:.1f} ms", long / short / 10, "at most 1.2"
    )


def _best(work: Callable[[str], object], unit: str, length: int, count: int) -> float:
    text = (unit * (length // len(unit) + 1))[:length]
    seconds = []
    for _ in range(count):
        began = time.process_time()
        work(text)
        seconds.append(time.process_time() - began)
    return min(seconds)
