"""The bundled connector's sandbox over HTTP, which notes each request with its moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from connector import Client, Connection, Connector
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http.faults import parse_fault
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService
from support.pace import PATIENCE

if TYPE_CHECKING:
    from connector.sandbox.http.responses import SandboxResponse


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it came, its method and path, and the status of the reply."""

    at: float
    method: str
    path: str
    status: int


class RecordedService(SandboxService):
    """A sandbox that remembers what it was asked; while it is held, what it has done is not answered."""

    def __init__(self, connector: Connector, *faults: str) -> None:
        super().__init__(connector, SandboxState(None), [parse_fault(fault) for fault in faults])
        self.asked: list[Asked] = []
        self.retry_after: int | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def handle(self, method: str, target: str, headers: Any, body: bytes) -> SandboxResponse:
        response = super().handle(method, target, headers, body)
        self.asked.append(Asked(time.time(), method, target.partition("?")[0], response.status))
        self.may_answer.wait(PATIENCE)
        if response.status == HTTPStatus.TOO_MANY_REQUESTS and self.retry_after is not None:
            others = [header for header in response.headers if header[0] != "retry-after"]
            return replace(response, headers=(*others, ("retry-after", str(self.retry_after))))
        return response


class RecordedSandbox:
    """A running one; `url` is for `ZOOM_BASE_URL`, `retry_after` the seconds that a 429 asks for."""

    def __init__(self, connector: Connector, *faults: str, retry_after: int | None = None) -> None:
        self.service = RecordedService(connector, *faults)
        self.service.retry_after = retry_after
        self._server = serve(self.service)
        self.url = self._server.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()

    def hold(self) -> None:
        """Do what is asked from now on, and do not answer."""
        self.service.may_answer.clear()

    def release(self) -> None:
        """Answer again."""
        self.service.may_answer.set()

    @property
    def asked(self) -> list[Asked]:
        """The requests so far."""
        return list(self.service.asked)

    def list_topics(self) -> list[str]:
        """Return the topics of the meetings that it keeps; this is no request that it notes."""
        noted, connector = self.service.asked, self.service.connector
        self.service.asked = []
        with Client(connector, Connection(connector, "accessToken", accessToken="t"), base_url=self.url) as client:
            meetings = client.run("listMeetings", {"userId": "me"}).data["meetings"]
        self.service.asked = noted
        return [meeting["topic"] for meeting in meetings]
