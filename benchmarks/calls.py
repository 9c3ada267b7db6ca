"""What a call costs: our own work, and the whole call against the HTTP library used bare."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
from pydantic_core import from_json, to_json

from benchmarks import rounds, service
from benchmarks.rounds import Row
from connector import AsyncClient, Client, Connection, Connector
from connector.core.response.reply import Reply
from connector.runtime.http.transport import prepare_request
from connector.runtime.run_log.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 200
DELAY = 20  # milliseconds: a service nearby
AT_ONCE, MANY_AT_ONCE = 50, 200
# Every input of createMeeting but endDateTime, which excludes endTimes.
GIVEN: dict[str, Any] = {
    "userId": "me", "scheduleFor": "ines@example.com", "topic": "Harbour survey", "agenda": "Plan the spring survey.",
    "meetingType": 8, "templateId": "AdxbhxCzKgSiWAw", "password": "h4rb0ur", "defaultPassword": True,
    "preSchedule": False, "startTime": "2030-03-05T14:00:00Z", "timezone": "Europe/Lisbon", "duration": 45,
    "recurrence": 3, "repeatInterval": 1, "weeklyDay": [2, 4], "monthlyDay": 15, "monthlyWeek": 1,
    "monthlyWeekDay": 5, "endTimes": 8, "hostVideo": True, "participantVideo": True, "joinBeforeHost": False,
    "muteUponEntry": True, "usePMI": False, "audio": "voip", "availableDialInCountries": ["US", "NO"],
    "watermark": False, "autoRecording": "cloud", "approvalType": 0, "registrationType": 1,
    "registrationEmailNotifications": True, "trackingFields": [{"field": "Department", "value": "Surveying"}],
    "settingsExtraFields": {"waiting_room": True, "meeting_authentication": True},
}  # fmt: skip


class Instant:
    """A seam that answers at once: what is left is our own work, the request's text and bytes included."""

    def __init__(self) -> None:
        headers = (("content-type", "application/json"),)
        self._reply = Reply(200, headers, service.meeting())

    def send(self, request: Any, token: Any, *_: object) -> Reply:
        """Put the request together as it would go out, and answer."""
        prepare_request(request, token)
        return self._reply


def rows(server: service.Service, count: int) -> Iterator[Row]:
    """Measure calls: alone, one after another, over TLS, many at once."""
    yield from _one_by_one(server.url(), count)
    if server.certificate:
        os.environ["SSL_CERT_FILE"] = server.certificate
        yield _secure(server.secure_url(), count)
    yield from _at_once(server.url(), count)
    yield from _logged(server, count)


def connected() -> tuple[Connector, Connection]:
    """Return the bundled connector and a connection to it."""
    zoom = Connector.open()
    return zoom, Connection(zoom, "accessToken", accessToken=service.TOKEN)


def _one_by_one(url: str, count: int) -> Iterator[Row]:
    with Client(*connected(), base_url=url) as ours, httpx.Client(headers=signed()) as bare:
        own = Client(*connected(), base_url=url, http=Instant())
        (_, body), meeting = target_and_body(url), service.meeting()
        jobs = {
            "own": _repeated(lambda: own.run("createMeeting", GIVEN)),
            "json": _repeated(lambda: (to_json(body), from_json(meeting))),
            "run": _repeated(lambda: ours.run("createMeeting", GIVEN)),
            "bare": _repeated(bare_call(bare, url)),
        }
        took = rounds.processor(jobs, count)
    yield Row(
        f"own work of a call, {len(GIVEN)} inputs", _micro(took["own"]), f"httpx call {_micro(took['bare'])}",
        took["own"] / took["bare"], "at most 0.1",
    )  # fmt: skip
    alone = took["own"] - took["json"]
    yield Row(
        "the same, without the JSON of request and reply", _micro(alone), f"httpx call {_micro(took['bare'])}",
        alone / took["bare"], "at most 20 µs",
    )  # fmt: skip
    yield _against("Client.run, the same request", took, "at most 1.0, aim 0.65")


def _secure(url: str, count: int) -> Row:
    with Client(*connected(), base_url=url) as ours, httpx.Client(headers=signed()) as bare:
        jobs = {
            "run": _repeated(lambda: ours.run("createMeeting", GIVEN)),
            "bare": _repeated(bare_call(bare, url)),
        }
        return _against("Client.run over TLS", rounds.processor(jobs, count), "at most 1.0")


def _logged(server: service.Service, count: int) -> Iterator[Row]:
    """The same call with the log of runs: our own work, and with a service that takes its time."""
    given = {"userId": "me", "topic": "Standup"}
    with tempfile.TemporaryDirectory() as folder, RunLog(f"sqlite:///{folder}/runs.sqlite") as log:
        for what, measure, delay, repeats in (
            ("Client.run with the log of runs", rounds.processor, 0, BATCH),
            (f"the same, a service that answers in {DELAY} ms", rounds.wall, DELAY, 10),
        ):
            url = server.url(delay=delay)
            with (
                Client(*connected(), base_url=url) as plain,
                Client(*connected(), base_url=url, observe=log.observe()) as ours,
            ):
                jobs = {
                    "ours": _repeated(partial(ours.run, "createMeeting", given), repeats),
                    "plain": _repeated(partial(plain.run, "createMeeting", given), repeats),
                }
                took = measure(jobs, count)
            yield Row(
                what,
                _micro(took["ours"]),
                f"without {_micro(took['plain'])}",
                took["ours"] / took["plain"],
                "at most 1.05",
            )


def _at_once(url: str, count: int) -> Iterator[Row]:
    """Tasks of one loop, through each library that is installed: fifty at once, and two hundred."""
    with asyncio.Runner() as runner:
        bare = httpx.AsyncClient(headers=signed())
        target, body = target_and_body(url)

        async def run_bare() -> None:
            sent = (bare.post(target, json=body) for _ in range(AT_ONCE))
            for reply in await asyncio.gather(*sent):
                reply.json()

        def repeated(batch: Callable[[], Any], tasks: int) -> Callable[[], int]:
            def job() -> int:
                for _ in range(200 // tasks):
                    runner.run(batch())
                return 200

            return job

        jobs, clients = {"bare": repeated(run_bare, AT_ONCE)}, []
        for name in _installed():
            ours = AsyncClient(*connected(), base_url=url, http=name)
            clients.append(ours)
            for tasks in (AT_ONCE, MANY_AT_ONCE):
                jobs[f"{name} {tasks}"] = repeated(partial(run_together, ours, tasks), tasks)
        took = rounds.processor(jobs, count)
        for ours in clients:
            runner.run(ours.aclose())
        runner.run(bare.aclose())
    for name in _installed():
        few, many = took[f"{name} {AT_ONCE}"], took[f"{name} {MANY_AT_ONCE}"]
        goal = "at most 100 µs" if name == "pyreqwest" else "at most 1.0"
        what = f"AsyncClient.run, {AT_ONCE} at once, {name}"
        yield _against(what, {"run": few, "bare": took["bare"]}, goal)
        what = f"the same, {MANY_AT_ONCE} at once"
        yield Row(what, _micro(many), f"{AT_ONCE} at once {_micro(few)}", many / few, "at most 1.2")


async def run_together(client: AsyncClient, tasks: int) -> None:
    """Run the action in so many tasks at once."""
    await asyncio.gather(*(client.run("createMeeting", GIVEN) for _ in range(tasks)))


def _installed() -> list[str]:
    """Return the HTTP libraries that are there."""
    return [name for name in ("httpx", "httpx2", "pyreqwest") if importlib.util.find_spec(name) is not None]


def bare_call(client: httpx.Client, url: str) -> Callable[[], Any]:
    """Return a call of the same request by the HTTP library alone."""
    target, body = target_and_body(url)
    return lambda: client.post(target, json=body).json()


def target_and_body(url: str) -> tuple[str, Any]:
    """Return the URL and the body that the action sends, so that all send the same."""
    request = Client(Connector.open(), base_url=url).dry_run("createMeeting", GIVEN)
    assert request.body is not None
    return request.url, json.loads(request.body.to_bytes())


def signed() -> dict[str, str]:
    """Return the header that a connection adds."""
    return {"Authorization": f"Bearer {service.TOKEN}"}


def _repeated(call: Callable[[], Any], times: int = BATCH) -> Callable[[], int]:
    def job() -> int:
        for _ in range(times):
            call()
        return times

    return job


def _against(what: str, took: dict[str, float], goal: str) -> Row:
    return Row(what, _micro(took["run"]), f"httpx {_micro(took['bare'])}", took["run"] / took["bare"], goal)


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"
