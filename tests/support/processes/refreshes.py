"""Processes that refresh a token until they are killed, and checks of the state they leave."""

from __future__ import annotations

import itertools
import math
import os
import random
import re
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import SignInError, StoreError
from connector.runtime.auth.connection_record import store_key
from connector.runtime.storage.open import open_store
from support.oauth_server import Authority
from support.pace import wait_until
from support.processes import callers, store_writers
from support.processes.callers import attempt, client_of, client_with, opened
from support.processes.forked import Sibling
from support.servers import GivenClock, hang_up

if TYPE_CHECKING:
    from support.servers import Behaviour, Recorded

LIFE = 4000.0  # seconds that a given clock moves on with each call, so that every call finds its token ended
BEFORE, INTENT, SENT = "before the intent", "after the intent", "the request sent"
ANSWERED, WRITTEN = "the reply sent", "the token written"
PHASES = (BEFORE, INTENT, SENT, ANSWERED, WRITTEN)


class Noting(Authority):
    """An authority that records when it sent its token replies, by the clock that all processes share."""

    def __init__(self, **how: Any) -> None:
        self.replied_at: list[float] = []
        super().__init__(**how)

    def _token(self, request: Recorded) -> Behaviour:
        if len(request.body) < int(request.header("content-length") or 0):
            return hang_up()  # its sender died over it
        answer = super()._token(request)

        def play(line: Any, request_: Recorded) -> bool:
            stays = answer(line, request_)
            self.replied_at.append(time.monotonic())
            return stays

        return play

    def settle(self) -> None:
        """Return when all that dead processes have sent is answered."""
        with socket.create_connection(("127.0.0.1", self._server.port)) as last:
            last.sendall(b"GET / HTTP/1.1\r\n\r\n")  # connections are accepted in order: the earlier ones are known now
            last.recv(1)
        wait_until(lambda: not self._server._open)


@dataclass
class Found:
    """The effects of kills: the phase of each, the number of lost tokens, and the faults afterwards.

    A token is cut off when the service has issued it and the store never got it.
    """

    phases: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    told: int = 0  # connections of which the next process said, rightly, that they have ended
    wrong: Counter[str] = field(default_factory=Counter)


class World:
    """A store with one connection, the service behind it, and the time, which moves on from call to call."""

    def __init__(self, url: str, authority: Noting) -> None:
        self.url = url
        self.authority = authority
        self.found = Found()
        self.now = GivenClock().start
        self.key = store_key(opened(), "work")
        self._sign_in()

    def _sign_in(self) -> None:
        self.authority.connection(opened(), name="work", store=open_store(self.url))

    def later(self, calls: int = 1) -> float:
        """Let so many tokens end."""
        self.now += calls * LIFE
        return self.now

    def victim(self, function: Any, *args: Any) -> Sibling:
        """Start a process that will be killed."""
        return Sibling(function, self.url, self.authority.url, self.later(), *args)

    def look(self, granted: int, calls: int, dead_at: float) -> str:
        """See what a kill left behind, and that the next process copes; return the phase that it came in.

        The victim had `calls` calls done, and the service had granted `granted` tokens before it began.
        """
        self.authority.settle()
        self.later(1000)  # more than the victim had the time for
        phase = self._phase(self.authority.asked - granted, calls, dead_at)
        self.found.phases[phase] += 1
        self.found.cut += phase in (SENT, ANSWERED)
        if phase in (SENT, ANSWERED) and not self.authority.lenient:
            self._hear_of_the_end()
        else:
            self._recover()
        if store_writers.left_over(self.url, self.key):
            self.found.wrong["residue"] += 1
        return phase

    def _phase(self, granted: int, calls: int, dead_at: float) -> str:
        try:
            kept = open_store(self.url).read(self.key)
            grant = kept.data["grant"]
        except StoreError:
            self.found.wrong["corrupt"] += 1
            raise
        if grant["access_token"] != self.authority.families[-1].newest:
            return ANSWERED if self.authority.replied_at[-1] < dead_at else SENT
        if grant["refresh_token"] != self.authority.families[-1].good:
            self.found.wrong["corrupt"] += 1
        if kept.data["intent"]:
            return INTENT
        return WRITTEN if granted > calls else BEFORE

    def call(self) -> Any:
        """Call as the next process would; return the outcome."""
        with client_of(self.url, self.authority.url, GivenClock(self.later())) as client:
            return attempt(client)

    def _recover(self) -> None:
        for _ in range(2):
            if self.call() != 200:
                self.found.wrong["lost"] += 1
        if open_store(self.url).read(self.key).data["intent"] is not None:
            self.found.wrong["residue"] += 1

    def _hear_of_the_end(self) -> None:
        """Expect one request that is refused, an error that says what happened and what to do, and then no more."""
        asked = self.authority.asked
        with client_of(self.url, self.authority.url, GivenClock(self.later())) as client:
            got = [attempt(client), attempt(client)]
        got.append(self.call())
        clear = all(
            type(one) is SignInError and re.search(r"interrupted refresh at \d{4}-\d\d-", str(one)) for one in got
        )
        clear = clear and all("Sign in again: connector connect work" in one.hint for one in got)
        if clear and self.authority.asked == asked + 1:
            self.found.told += 1
        else:
            self.found.wrong["told otherwise"] += 1
        self._sign_in()
        self._recover()


def call_for_ever(pipe: Any, url: str, base_url: str, now: float, warm: bool) -> None:
    """Call, each time with a token that has ended, and tell each call that is done; once warm, tell its seconds."""
    clock = GivenClock(now)
    with client_of(url, base_url, clock) as client:
        client.dry_run("getUser", callers.ME)
        if warm:
            pipe.send(attempt(client))
            clock.passed += LIFE
            began = time.monotonic()
            pipe.send(attempt(client))
            pipe.send(time.monotonic() - began)
        else:
            pipe.send(0.0)
        while True:
            clock.passed += LIFE
            pipe.send(attempt(client))


def storm(world: World, kills: int, seed: int) -> Found:
    """Kill callers within two calls of their beginning, some of them cold, and look at what is left after each."""
    chance, longest = random.Random(seed), 0.2
    for _ in range(kills):
        granted = world.authority.asked
        victim = world.victim(call_for_ever, chance.random() < 0.7)
        said = [victim.hear()]
        while not isinstance(said[-1], float):
            said.append(victim.hear())
        longest = 2 * said.pop() or longest
        victim.process.join(chance.uniform(0, longest))
        dead_at = time.monotonic()
        victim.kill()
        said += victim.heard()
        world.look(granted, len(said), dead_at)
        world.found.wrong["failed"] += sum(one != 200 for one in said)
    return world.found


def call_and_die(pipe: Any, url: str, base_url: str, now: float, step: int) -> Any:
    """Call, and end with kill -9 just before or just after a call of the system: the one numbered `step`.

    Those of the thread that renews are counted. Tell before the end whether the reply had come by then.
    """
    client = client_of(url, base_url, GivenClock(now))
    steps, answered = itertools.count(1), False

    def die(frame: Any, event: str, call: Any) -> None:
        nonlocal answered
        if event not in ("c_call", "c_return") or not store_writers.of_the_system(call):
            return
        answered = answered or (event == "c_return" and call.__name__ == "recv")
        if next(steps) == step:
            pipe.send(answered)
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(die)
    got = attempt(client)
    threading.setprofile(None)
    client.close()
    return got


def sweep(world: World, every: int = 1) -> Found:
    """Kill a caller before and after each system call of its refresh; `every` skips some."""
    for step in itertools.count(1, every):
        granted = world.authority.asked
        victim = world.victim(call_and_die, step)
        victim.process.join(60)
        [said] = victim.heard()
        if not isinstance(said, bool):  # it came to its end: there were fewer steps
            world.found.wrong["failed"] += said != 200
            return world.found
        world.look(granted, 0, dead_at=math.inf if said else -math.inf)
    raise AssertionError


class Stamping:
    """A store that records when its last write was durable."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.written_at = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, key: str, data: Any, *, version: int | None = None) -> int:
        """Store data."""
        made = self._store.write(key, data, version=version)
        self.written_at = time.monotonic()
        return made


def call_and_stamp(pipe: Any, url: str, base_url: str, now: float, times: int) -> list[float]:
    """Call so often, each time with a token that has ended; return when each new one was durable."""
    clock, store, stamps = GivenClock(now), Stamping(open_store(url)), []
    with client_with(store, base_url, clock) as client:
        for _ in range(times):
            clock.passed += LIFE
            assert attempt(client) == 200
            stamps.append(store.written_at)
    return stamps


def window(world: World, times: int) -> tuple[float, float, float]:
    """Return milliseconds from a reply's being sent to its token's being durable: the median, p99, the longest."""
    stamps = world.victim(call_and_stamp, times).end()
    passed = sorted(1000 * (at - sent) for sent, at in zip(world.authority.replied_at, stamps, strict=True))
    return passed[len(passed) // 2], passed[math.ceil(0.99 * len(passed)) - 1], passed[-1]
