"""Each stored event reaches its handlers once, and again after a failure, until it is dead."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import logging
import os
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from support import private_postgres
from support.pace import PATIENCE, wait_for
from support.processes.forked import Sibling
from support.receivers import SECRET, body, sign

from connector import Connector, errors, verify_webhook
from connector.core import redaction
from connector.runtime.clock import SystemClock
from connector.runtime.webhooks import dispatcher
from connector.runtime.webhooks.dispatcher import DeliveryOptions, Dispatcher, EventSource
from connector.runtime.webhooks.handlers import HandlerRegistry
from connector.runtime.webhooks.inbox import TABLE, Inbox
from connector.runtime.webhooks.verify import verifier_for

if TYPE_CHECKING:
    from support.servers import GivenClock

C = TABLE.c
SOURCE = "zoom.webhookReceiver"


@dataclass
class World:
    """An inbox, its dispatcher, and the events that its handlers got."""

    zoom: object
    url: str
    clock: GivenClock
    got: list = field(default_factory=list)

    def __post_init__(self):
        self.inbox = Inbox(self.url, clock=self.clock)
        self.inbox.open()  # a given clock does not wait for another thread that makes the file
        self.handlers = HandlerRegistry(redaction.redactor_for(self.zoom))

    def put(self, *numbers, **how):
        for number in numbers:
            content = body(number, **how)
            event = verify_webhook(self.zoom, SECRET, sign(content, at=1000), content, now=1000.0)
            self.inbox.put(event, SOURCE).result(PATIENCE)

    def before_update(self, monkeypatch, look):
        """Call `look` before each update of an event; an error that it raises fails the update."""
        settle = self.inbox.update_state_async

        async def looked(one):
            look(one)
            await settle(one)

        monkeypatch.setattr(self.inbox, "update_state_async", looked)

    def on(self, handler, pattern="*"):
        self.handlers.add(pattern, handler)
        return handler

    @contextlib.asynccontextmanager
    async def delivering(self, drain=PATIENCE, **bounds):
        one = Dispatcher(
            self.inbox, EventSource(SOURCE, verifier_for(self.zoom)), self.handlers, DeliveryOptions(**bounds)
        )
        task = asyncio.create_task(one.run())
        try:
            yield one
        finally:
            one.stop(drain)
            await task

    def states(self):
        """The states of the events by subject."""
        return {one.subject: one.state for one in self.inbox.find(C.id > 0, 1000)}

    def all_done(self):
        return set(self.inbox.counts()) == {"delivered"}

    def run(self, story):
        try:
            asyncio.run(story())
        finally:
            self.inbox.close()


@pytest.fixture
def world(zoom, sqlite, clock):
    return World(zoom, sqlite, clock)


@pytest.fixture
def either(zoom, url, clock):
    return World(zoom, url, clock)


def test_every_kind_of_handler_is_called_with_the_events_that_fit_its_pattern(either):
    world, got = either, either.got

    class Thing:
        async def __call__(self, event):
            got.append(("thing", event.name))

    async def coroutine(event):
        got.append(("coroutine", event.name))

    def function(event):
        assert threading.current_thread() is not threading.main_thread()
        got.append(("function", event.name))

    async def more(word, event):
        got.append((word, event.name))

    world.on(coroutine, "meeting.*")
    world.on(function, "meeting.started")
    world.on(Thing(), "*.ended")
    world.on(functools.partial(more, "partial"), "user.activated")
    world.on(lambda event: coroutine(event), "user.*")  # noqa: PLW0108  a function that gives something to await

    async def story():
        for number, name in enumerate(("meeting.started", "meeting.ended", "user.activated", "recording.completed")):
            world.put(number, name=name)
        async with world.delivering(concurrency=1):
            await wait_for(world.all_done)

    world.run(story)
    assert got == [
        ("coroutine", "meeting.started"), ("function", "meeting.started"), ("coroutine", "meeting.ended"),
        ("thing", "meeting.ended"), ("partial", "user.activated"), ("coroutine", "user.activated"),
    ]  # fmt: skip


def test_an_event_is_handed_over_whole(either):
    world = either
    world.on(world.got.append)

    async def story():
        world.put(7, topic="\U0001f692 \\/ \ud83d")
        async with world.delivering():
            await wait_for(world.all_done)

    world.run(story)
    content = body(7, topic="\U0001f692 \\/ \ud83d")
    (event,) = world.got
    assert event == verify_webhook(world.zoom, SECRET, sign(content, at=1000), content, now=1000.0)


def test_what_fails_comes_again_later_each_time_and_is_set_aside_at_last(either, caplog):
    world, clock = either, either.clock
    clock.drawn = 0.5  # pauses as they are
    times = []

    async def broken(event):
        times.append(clock.passed)
        raise ValueError("no room")

    world.on(broken)

    async def story():
        world.put(1)
        async with world.delivering(attempts=5) as delivery:
            for attempt in range(1, 6):
                failed = (C.attempts == attempt) & (C.error == "ValueError: no room")
                await wait_for(lambda failed=failed: world.inbox.find(failed, 1), wake=delivery.wake)
                (one,) = world.inbox.find(C.id > 0, 1)
                if attempt < 5:
                    clock.passed = one.due_at - clock.start - 0.001
                    delivery.wake()
                    assert world.inbox.read_due(SOURCE, 1) == []
                    clock.passed += 0.001
                    delivery.wake()
        assert world.states() == {"1": "dead"}
        assert world.inbox.replay(C.state == "dead") == 1
        world.handlers._handlers.clear()
        world.on(world.got.append)
        async with world.delivering():
            await wait_for(world.all_done)

    with caplog.at_level(logging.WARNING, "connector.webhook"):
        world.run(story)
    assert [round(later - before) for before, later in itertools.pairwise(times)] == [5, 10, 20, 40]
    assert "attempt 5, marked as dead: ValueError: no room" in caplog.text
    assert len(world.got) == 1


def test_a_pause_is_bounded_however_many_attempts_there_were(world):
    delivery = object.__new__(Dispatcher)
    delivery._inbox, delivery._options = world.inbox, DeliveryOptions(attempts=10**9)
    world.clock.drawn = 0.5

    for attempts, pause in ((1, 5), (12, 10_240), (14, 21_600), (10_001, 21_600)):
        assert delivery._next_due_at(attempts) == world.clock.time() + pause


class BrokenStr(Exception):
    def __str__(self):
        raise RuntimeError


async def cancelled_inside(event):
    task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()
    await task


def raising(error):
    async def handler(event):
        raise error

    def function(event):
        raise error

    return handler, function


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (cancelled_inside, "CancelledError"),
        *zip(raising(SystemExit(3)), ("SystemExit: 3", "SystemExit(3)"), strict=True),
        (raising(KeyboardInterrupt())[1], "KeyboardInterrupt"),
        *((one, "RuntimeError: ") for one in raising(StopIteration(1))),
        *((one, "BrokenStr") for one in raising(BrokenStr())),
        *((one, "TimeoutError: the other side") for one in raising(TimeoutError("the other side"))),
        *((one, "Take another.") for one in raising(errors.UsageError("Wrong.", hint="Take another."))),
        (lambda: None, "TypeError"),
    ],
)
def test_however_a_handler_fails_the_event_comes_again_and_the_receiver_goes_on(world, handler, said):
    world.on(handler, "meeting.started")
    world.on(world.got.append, "meeting.ended")

    async def story():
        world.put(1)
        world.put(2, name="meeting.ended")
        async with world.delivering():
            await wait_for(lambda: world.states()["2"] == "delivered" and world.inbox.find(C.attempts == 1, 9)[0].error)

    world.run(story)
    (one,) = world.inbox.find(C.subject == "1", 1)
    assert (one.state, one.attempts) == ("pending", 1)
    assert said in one.error


def test_what_a_failure_says_is_kept_and_logged_without_secrets(world, caplog):
    def leaking(event):
        raise ValueError(
            f"POST https://me:canary-pw@other.example/?access_token=canary-a {event.data} Bearer canaryTOKEN9\n\0"
        )

    world.on(leaking)

    async def story():
        world.put(1, password="canary-in-the-body", download_token="canary-dt")
        async with world.delivering():
            await wait_for(lambda: world.inbox.find(C.attempts == 1, 1))

    with caplog.at_level(logging.DEBUG):
        world.run(story)
    (one,) = world.inbox.find(C.id > 0, 1)
    assert "ValueError: POST https://***@other.example/" in one.error
    assert one.error.isprintable()
    for text in (one.error, caplog.text, repr(one), repr(world.inbox)):
        assert "canary" not in text


def test_a_handler_that_hangs_is_ended_in_time_and_holds_up_nobody(world):
    hung, go = [], threading.Event()

    async def hanging(event):
        hung.append("async")
        try:
            await asyncio.Event().wait()
        finally:
            hung.append("ended")

    def stuck(event):
        hung.append("function")
        go.wait(PATIENCE)

    world.on(hanging, "meeting.started")
    world.on(stuck, "meeting.ended")
    world.on(world.got.append, "user.*")

    async def story():
        world.put(1)
        world.put(2, name="meeting.ended")
        world.put(3, name="user.activated")
        async with world.delivering(concurrency=2, timeout=0.2):
            await wait_for(lambda: len(world.inbox.find(C.attempts == 1, 3)) == 3)

    world.run(story)
    go.set()
    assert len(world.got) == 1
    assert sorted(hung) == ["async", "ended", "function"]
    assert {one.error for one in world.inbox.find(C.state == "pending", 3)} == {
        "The handler did not finish within 0.2 s."
    }


def test_functions_that_hang_do_not_keep_the_loop_from_its_end(world):
    go = threading.Event()
    world.on(lambda event: go.wait(PATIENCE))

    async def story():
        world.put(*range(40))
        async with world.delivering(drain=0.0, concurrency=40):
            await wait_for(lambda: threading.active_count() > 40)

    world.run(story)  # it returns while they hang
    assert set(world.states().values()) == {"pending"}
    go.set()


def test_an_event_is_not_begun_again_before_what_came_of_it_is_written(world, monkeypatch):
    settle, late = world.inbox.update_state_async, []

    async def slow(one):
        if one.state == "delivered":
            late.append(asyncio.Event())
            await late[-1].wait()
        await settle(one)

    monkeypatch.setattr(world.inbox, "update_state_async", slow)
    world.on(world.got.append)

    async def story():
        world.put(1)
        async with world.delivering() as delivery:
            await wait_for(lambda: late)
            for number in range(2, 6):
                world.put(number)
                delivery.wake()
                await wait_for(lambda n=number: len(late) == n)
            for go in late:
                go.set()
            await wait_for(world.all_done)

    world.run(story)
    assert [event.subject for event in world.got] == ["1", "2", "3", "4", "5"]


def test_an_inbox_that_cannot_be_written_is_tried_again_and_the_handler_is_not(world, monkeypatch, caplog):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    fail = [1, 2, 3]

    def failing(one):
        if one.state == "delivered" and fail:
            fail.pop()
            raise errors.StoreError("The disk is full.")

    world.before_update(monkeypatch, failing)
    world.on(world.got.append)

    async def story():
        world.put(1)
        async with world.delivering():
            await wait_for(world.all_done)

    world.run(story)
    assert len(world.got) == 1
    assert caplog.text.count("The disk is full") == 1, "told once, and not with every try"


def test_an_event_is_not_handed_over_before_its_attempt_is_noted(world, monkeypatch):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    noted = []

    def failing(one):
        if one.state == "pending":
            assert world.got == []
            noted.append(one.attempts)
            if len(noted) < 3:
                raise errors.StoreError("The disk is full.")

    world.before_update(monkeypatch, failing)
    world.on(world.got.append)

    async def story():
        world.put(1)
        async with world.delivering():
            await wait_for(world.all_done)

    world.run(story)
    assert noted == [1, 1, 1]
    assert world.inbox.find(C.attempts == 1, 9)


def deliver_until_dead(pipe, url):
    """Deliver until no event is pending; the handler of one event ends the process."""
    world = World(Connector.open(), url, SystemClock())
    dispatcher.RETRY_DELAY = 0.01

    async def handler(event):
        if event.subject == "1":
            os._exit(9)

    world.on(handler)

    async def story():
        async with world.delivering(attempts=3) as delivery:
            await wait_for(lambda: not world.inbox.find(C.state == "pending", 1), wake=delivery.wake)

    world.run(story)
    return world.states()


def test_an_event_that_ends_the_process_each_time_is_set_aside_and_the_others_are_delivered(zoom, url):
    world = World(zoom, url, SystemClock())
    world.put(*range(4))
    for _ in range(3):
        other = Sibling(deliver_until_dead, url)
        other.process.join(PATIENCE)
        assert other.process.exitcode == 9
    assert Sibling(deliver_until_dead, url).end() == {"0": "delivered", "1": "dead", "2": "delivered", "3": "delivered"}
    (one,) = world.inbox.find(C.state == "dead", 9)
    world.inbox.close()
    assert (one.attempts, one.error) == (3, "The process ended before the handler did.")


def test_an_inbox_that_cannot_be_read_is_tried_again_whatever_it_is(world, monkeypatch):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    due, fail = world.inbox.read_due, [errors.StoreError("down"), ValueError("a mistake"), errors.StoreError("down")]

    def failing(*given, **named):
        if fail:
            raise fail.pop()
        return due(*given, **named)

    monkeypatch.setattr(world.inbox, "read_due", failing)
    world.on(world.got.append)

    async def story():
        world.put(1)
        async with world.delivering():
            await wait_for(world.all_done)
            with world.inbox.delivery_lock("other", 0.0):
                pass

    world.run(story)
    assert len(world.got) == 1


def test_who_lost_the_connection_that_holds_the_lock_takes_it_anew(zoom, clock, monkeypatch):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    world = World(zoom, private_postgres.fresh(), clock)
    world.on(world.got.append)
    lock = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    async def story():
        world.put(1)
        async with world.delivering() as delivery:
            await wait_for(world.all_done)
            private_postgres.execute(world.url, everybody)
            with contextlib.suppress(errors.StoreError):
                world.put(2)
            world.put(2)
            delivery.wake()
            await wait_for(lambda: world.states() == {"1": "delivered", "2": "delivered"})
            assert private_postgres.execute(world.url, lock) == [(1,)], "it delivers without the lock"
        assert private_postgres.execute(world.url, lock) == [(0,)]

    world.run(story)
    assert [event.subject for event in world.got] == ["1", "2"]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_failed_event_holds_up_the_later_ones_of_its_subject_only_in_order(either, ordered):
    world, broken = either, [True]

    async def failing(event):
        if event.data["event_ts"] % 1000 == 0 and broken:
            raise ValueError
        world.got.append((event.subject, event.data["event_ts"] % 1000))

    world.on(failing)

    async def story():
        for number, about in enumerate("abab"):
            world.put(number, about=about)
        first = world.inbox.read_due(SOURCE, 1)[0]
        async with world.delivering(ordered=ordered) as delivery:
            await wait_for(lambda: world.inbox.find(C.attempts == 1, 9) and len(world.got) == (2 if ordered else 3))
            await wait_for(lambda: len(world.inbox.find(C.state == "delivered", 9)) == len(world.got))
            assert world.inbox.find(C.id == first.id, 1)[0].state == "pending"
            broken.clear()
            world.clock.passed += 100
            await wait_for(world.all_done, wake=delivery.wake)

    world.run(story)
    assert [number for about, number in world.got if about == "b"] == [1, 3]
    assert [number for about, number in world.got if about == "a"] == ([0, 2] if ordered else [2, 0])


def test_in_order_many_subjects_are_delivered_at_once_each_one_after_another(either):
    world, chance, busy, most = either, random.Random(5), set(), [0]

    async def handler(event):
        assert event.subject not in busy, "two of a subject at once"
        busy.add(event.subject)
        most[0] = max(most[0], len(busy))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        busy.discard(event.subject)
        world.got.append((event.subject, event.data["event_ts"]))

    world.on(handler)

    async def story():
        for number in range(80):
            world.put(number, about=chance.choice("abcdef"))
        async with world.delivering(ordered=True, concurrency=4):
            await wait_for(world.all_done)

    world.run(story)
    assert len(world.got) == 80
    assert most[0] > 1
    for about in "abcdef":
        times = [at for subject, at in world.got if subject == about]
        assert times == sorted(times)


def test_two_that_deliver_from_one_inbox_deliver_each_event_once_and_the_second_takes_over(either, monkeypatch):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.02)
    world = either
    other = World(world.zoom, world.url, world.clock, got=world.got)
    world.on(lambda event: world.got.append(event.subject))
    other.on(lambda event: world.got.append(event.subject))

    async def story():
        async with other.delivering():
            async with world.delivering():
                for number in range(0, 60, 2):
                    await asyncio.to_thread(world.put, number)
                    await asyncio.to_thread(other.put, number + 1)
                await wait_for(world.all_done)
            world.put(100)
            await wait_for(world.all_done)
        other.inbox.close()

    world.run(story)
    assert sorted(world.got, key=int) == [str(number) for number in (*range(60), 100)]


def test_a_stop_lets_handlers_end_and_ends_those_that_do_not_whose_events_come_again(world):
    begun, ended, go = [], [], asyncio.Event()

    async def slow(event):
        begun.append(event.subject)
        await go.wait()
        if event.subject == "1":
            world.got.append(event.subject)
        else:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(event.subject)

    world.on(slow)

    async def story():
        world.put(1, 2)
        async with world.delivering(drain=0.5):
            await wait_for(lambda: len(begun) == 2)
            world.put(3)
            asyncio.get_running_loop().call_later(0.05, go.set)
        assert world.states() == {"1": "delivered", "2": "pending", "3": "pending"}
        assert ended == ["2"], "it goes on after the stop"
        world.handlers._handlers.clear()
        world.on(lambda event: world.got.append(event.subject))
        async with world.delivering():
            await wait_for(world.all_done)
        assert len(world.inbox.find(C.attempts == 1, 9)) == 3, "a stop is no failure"

    world.run(story)
    assert (sorted(begun), sorted(world.got)) == (["1", "2"], ["1", "2", "3"])
    assert all(one.attempts == 1 for one in world.inbox.find(C.id > 0, 3)), "a stop is no failure"


def test_without_handlers_events_wait_and_nobody_else_is_kept_from_them(world, zoom, monkeypatch):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    keeper = World(zoom, world.url, world.clock)

    async def story():
        async with keeper.delivering():
            world.put(1)
            world.on(world.got.append)
            async with world.delivering():
                await wait_for(world.all_done)
        keeper.inbox.close()

    world.run(story)
    assert len(world.got) == 1


def test_old_events_are_forgotten_now_and_then(world, monkeypatch):
    monkeypatch.setattr(dispatcher, "POLL_INTERVAL", 0.01)
    world.on(world.got.append)

    async def story():
        world.put(1)
        async with world.delivering() as delivery:
            await wait_for(world.all_done)
            world.clock.passed += 8 * 86_400
            world.put(2)
            await wait_for(lambda: world.states() == {"2": "delivered"}, wake=delivery.wake)

    world.run(story)


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"attempts": 0}, {"timeout": 0.0}, {"timeout": float("nan")}])
def test_bounds_that_let_nothing_through_are_refused(wrong):
    with pytest.raises(errors.UsageError, match=next(iter(wrong))):
        DeliveryOptions(**wrong)
