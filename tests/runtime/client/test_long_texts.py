"""Long texts cost time that grows with their length only, and an event loop goes on.

The bounds are generous: a pattern that is not linear takes minutes for these texts.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from support import servers
from support.servers import TOKEN

from connector import AsyncClient, Client, Connection, Connector, errors
from connector.core.auth.oauth import TokenFailure, read_callback_code
from connector.core.auth.oauth_client import OAuthClient
from connector.core.redaction import Redactor, preview, redactor_for
from connector.core.response.broken_json import find_code, find_message
from connector.core.webhook.event import Event
from connector.runtime.webhooks.handlers import HandlerRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

# each repeats what a pattern may begin at
UNITS = (
    "a.a.", "\\", "abcd-abcd-", '"message":"', "scopes:[", '"a":"', "://", "a://b@", "Bearer ", "basic%20", "%25", "%41",
    "&amp;", "&#x0", "\\u0041", '{"token":"x\\', "&token=", "%26token%3D", '\\"', '"token": [', "\x1b[", "\u202e", "é",
    "&quot;token&quot;:", "canary-",
)  # fmt: skip
LONG = 1_000_000
LONGEST = 30.0  # seconds of the processor; a few of these texts take one
LONGEST_STALL = 2.0  # seconds of the loop's thread; they take 0.05

REDACTOR = Redactor(["lamp"]).with_secrets([TOKEN, "canary-canary-canary-canary-canary!", 'pa"ss\\w rd'])
WORK = {
    "redact_text": REDACTOR.redact_text,
    "redact_url": REDACTOR.redact_url,
    "redact_data": lambda text: REDACTOR.redact_data([text]),
    "a window": lambda text: REDACTOR.redact_text(text, 500),
    "find_secrets_in_text": lambda text: list(REDACTOR.find_secrets_in_text(text)),
    "a secret": lambda text: Redactor().with_secrets([text]).redact_text("see " + text[:1000], 500),
    "preview": preview,
    "find_code": find_code,
    "find_message": find_message,
}


def repeat(unit: str, length: int = LONG) -> str:
    """Return a text of so many characters."""
    return (unit * (length // len(unit) + 1))[:length]


def measure_growth(work: Callable[[str], object], unit: str) -> tuple[float, float]:
    """Return the processor seconds of work on a text, and on one of ten times the length."""
    return _measure(work, repeat(unit, LONG // 40)), _measure(work, repeat(unit, LONG // 4))


def _measure(work: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    work(text)
    return time.process_time() - began


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_length_alone(work, unit):
    """A quadratic search would take a hundred times as long for ten times the text, and minutes for this one."""
    short, long = min(measure_growth(work, unit) for _ in range(2))
    assert long < LONGEST
    assert long < 40 * short + 1


@pytest.fixture
def offline(zoom: Connector, token_connection: Connection) -> Client:
    """A client that sends nothing."""
    return Client(zoom, token_connection)


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_wrong_input_is_refused_at_once(offline, unit):
    began = time.process_time()
    for act in (offline.run, offline.dry_run):
        with pytest.raises(errors.InputError) as caught:
            act("getMeeting", {"meetingId": repeat(unit), repeat(unit): 1})
        assert len(str(caught.value)) < 2_000
    assert time.process_time() - began < LONGEST


async def watch(work: Coroutine[Any, Any, Any]) -> tuple[Any, float, float]:
    """Return what came of the work, how long the loop's thread worked, and the longest that no other task had a turn.

    The thread's own seconds are told: those that neighbours take are not work.
    """
    loop, longest, ticked = asyncio.get_running_loop(), 0.0, time.thread_time()

    def tick() -> None:
        nonlocal longest, ticked, timer
        longest, ticked = max(longest, time.thread_time() - ticked), time.thread_time()
        timer = loop.call_later(0.001, tick)

    timer, began = loop.call_soon(tick), time.thread_time()
    try:
        outcome = await work
    except errors.ConnectorError as error:
        outcome = error
    worked = time.thread_time() - began
    timer.cancel()
    return outcome, worked, max(longest, time.thread_time() - ticked)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("unit", UNITS)
def test_an_error_reply_is_read_soon_and_the_loop_goes_on(zoom, token_connection, server, unit, debug):
    text = repeat(unit)
    replies = [
        servers.html(400, text),
        servers.reply(400, {"code": 104, "message": text, "errors": [{"field": text[:99], "message": text}]}),
        servers.reply(400, {"code": 4711, "message": text[:5_000], "token": text[:5_000], "more": text[:5_000]}),
    ]

    async def call() -> None:
        async with AsyncClient(zoom, token_connection, base_url=server.url) as client:
            for reply in replies:
                server.always(reply)
                work = client.run("getUser", {"userId": "me"}, debug=debug)
                error, worked, stall = await watch(work)
                assert isinstance(error, errors.ConnectorError)
                assert len(str(error)) < 3_000
                assert worked < LONGEST_STALL
                assert stall < LONGEST_STALL

    asyncio.run(call())


@pytest.mark.parametrize("unit", UNITS)
def test_a_handlers_error_lets_the_receiver_go_on(zoom, unit):
    handlers, text = HandlerRegistry(redactor_for(zoom).with_secrets(["the-secret-token"])), repeat(unit)

    async def fail(event: Event) -> None:
        raise ValueError(f"no place for {event.data['message']}")

    handlers.add("*", fail)
    data = {"message": text, "password": text[::-1]}
    event = Event("webhook", "meeting.started", None, None, None, data, b"", "key", "")
    reason, _, stall = asyncio.run(watch(handlers.call(event, 10)))
    assert reason.startswith("ValueError: no place for ")
    assert len(reason) <= 500
    assert stall < LONGEST_STALL


@pytest.mark.parametrize("unit", UNITS)
def test_a_refused_sign_in_is_told_in_short(unit):
    client = OAuthClient("oauth2", client_secret="a-client-secret")
    began = time.process_time()
    text = repeat(unit, LONG)
    failure = read_callback_code(client, {"state": "s", "error": text, "error_description": text}, "s")
    assert isinstance(failure, TokenFailure)
    assert len(failure.message) < 1_000
    assert time.process_time() - began < LONGEST
