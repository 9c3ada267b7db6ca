"""Waiters share a refresh: each has its own deadline and its own result, and cancels nothing."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent import futures
from types import SimpleNamespace

import pytest
from support.pace import wait_until

from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.signing import Signer
from connector.core.auth.token_set import TokenSet
from connector.core.request.credential import Credential
from connector.errors import DeadlineError, ServiceDown, TransportError
from connector.runtime.auth import shared_work
from connector.runtime.auth.token_source import TokenSource

GRANT = TokenSet("canary-1", 9e9, scopes=("a",), api_url="https://api-eu.zoom.us")
SIGNED = Credential(
    "canary-1", headers=(("Authorization", "Bearer canary-1"),), base_url="https://api-eu.zoom.us", renewable=True, scopes=("a",)
)  # fmt: skip


class Renewing:
    """A refresher that blocks until it is released, and then returns this."""

    def __init__(self, brings=GRANT):
        self.brings, self.threads, self.asked = brings, [], []
        self.begun, self.go = threading.Event(), threading.Event()

    def refresh(self, rejected_token, clock):
        self.threads.append(threading.current_thread())
        self.asked.append((rejected_token, clock))
        self.begun.set()
        assert self.go.wait(60)
        if isinstance(self.brings, BaseException):
            raise self.brings
        return self.brings

    def get_cached(self, rejected_token, now):
        return None if rejected_token == "canary-1" else self.brings

    def read_token_set(self):
        return self.brings

    def end(self):
        """Release it, and wait until its threads have ended."""
        self.go.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def sharing():
    """Build token sources with this refresher, which is released at the end."""
    every = []

    def make(renewing):
        oauth_client = OAuthClient("oauth2")
        context = SimpleNamespace(allowed_hosts=["*.zoom.us"], signer=Signer(), key="work", oauth_client=oauth_client)
        made = TokenSource(context)
        made._refresher = renewing
        every.append(renewing)
        return made

    yield make
    for renewing in every:
        renewing.end()


@pytest.fixture
def looks(monkeypatch):
    """The seconds of each poll of a running refresh, which pass at once; `then` runs at each."""
    seen = SimpleNamespace(seconds=[], passed=0.0, asked=0, then=lambda: None)

    def look(timeout):
        seen.seconds.append(timeout)
        seen.passed += timeout
        seen.then()
        return set(), set()

    def wait(flights, timeout=None):
        assert len(flights) == 1
        return look(timeout)

    async def wait_async(flights, **seconds):
        return wait(flights, **seconds)

    monkeypatch.setattr(shared_work, "futures", SimpleNamespace(wait=wait, Future=futures.Future))
    monkeypatch.setattr(asyncio, "wait", wait_async)

    def monotonic():
        seen.asked += 1
        assert seen.asked < 20, "it goes round and round"
        return 1000.0 + seen.passed

    monkeypatch.setattr(shared_work, "time", SimpleNamespace(monotonic=monotonic))
    return seen


def waited(tokens, how, seconds, rejected=None, stop=None):
    if how == "thread":
        return tokens.wait(rejected, "clock", seconds, stop)
    return asyncio.run(tokens.wait_async(rejected, "clock", seconds, stop))


@pytest.fixture(params=["thread", "task"])
def how(request):
    return request.param


def test_a_wait_looks_up_twice_a_second_and_ends_when_its_time_is_over(sharing, looks, how):
    tokens = sharing(Renewing())
    error = waited(tokens, how, 1.25)
    assert looks.seconds == [0.5, 0.5, 0.25]
    assert isinstance(error, DeadlineError)
    assert (error.limit, error.elapsed, error.retryable, error.hint) == (1.25, 1.25, True, "Try again.")
    assert "No token within 1.2 s" in str(error)


def test_a_wait_without_time_does_not_look_at_all(sharing, looks, how):
    assert isinstance(waited(sharing(Renewing()), how, 0.0), DeadlineError)
    assert looks.seconds == []


def test_a_wait_ends_when_it_is_told_to_stop(sharing, looks, how):
    stop = threading.Event()
    looks.then = lambda: len(looks.seconds) == 2 and stop.set()
    assert isinstance(waited(sharing(Renewing()), how, 600.0, stop=stop), DeadlineError)
    assert looks.seconds == [0.5, 0.5]


def test_a_wait_ends_when_the_token_is_there(sharing, looks, how):
    renewing = Renewing()
    looks.then = lambda: renewing.begun.wait(60) and renewing.end()
    assert waited(sharing(renewing), how, 600.0) == SIGNED
    assert looks.seconds == [0.5]


def test_who_waits_for_the_same_shares_one_renewal_and_who_was_refused_another_token_does_not(sharing):
    renewing = Renewing()
    tokens = sharing(renewing)
    for rejected in (None, None, "canary-0", "canary-0", None):
        assert isinstance(tokens.wait(rejected, "clock", 0.0), DeadlineError)
    wait_until(lambda: len(renewing.asked) >= 2)
    assert len(renewing.asked) == 2
    assert set(renewing.asked) == {("canary-0", "clock"), (None, "clock")}


@pytest.mark.parametrize("brings", [GRANT, ServiceDown("No luck.")], ids=["a token", "an error"])
def test_what_has_landed_is_not_waited_for_again(sharing, how, brings):
    renewing = Renewing(brings)
    tokens = sharing(renewing)
    renewing.go.set()
    for _ in range(2):
        waited(tokens, how, 60.0, "canary-0")
        renewing.end()
    assert renewing.asked == [("canary-0", "clock")] * 2


def test_a_renewal_runs_on_a_thread_that_ends_with_nobody_elses(sharing):
    """The refresh of a daemon thread is not a daemon, since it may hold the only token."""
    renewing = Renewing()
    tokens = sharing(renewing)
    daemon = threading.Thread(target=tokens.wait, args=(None, "clock", 0.0), daemon=True)
    daemon.start()
    daemon.join(60)
    assert renewing.begun.wait(60)
    (thread,) = renewing.threads
    assert (thread.name, thread.daemon) == ("connector-token", False)


def test_each_waiter_gets_an_error_of_its_own_and_none_is_raised(sharing, how):
    renewing = Renewing(ServiceDown("No luck.", status=503))
    tokens = sharing(renewing)
    renewing.go.set()
    got = [waited(tokens, how, 60.0) for _ in range(2)]
    assert [(type(one), str(one), one.status) for one in got] == [(ServiceDown, "No luck.", 503)] * 2
    assert len({id(renewing.brings), *map(id, got)}) == 3


def test_what_nobody_foresaw_is_raised_to_who_waits(sharing, how):
    renewing = Renewing(ZeroDivisionError())
    tokens = sharing(renewing)
    renewing.go.set()
    with pytest.raises(ZeroDivisionError):
        waited(tokens, how, 60.0)


def test_without_a_thread_it_is_told_how_and_the_next_tries_anew(sharing, monkeypatch):
    tokens = sharing(renewing := Renewing())
    renewing.go.set()

    def none(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none)
        error = tokens.wait(None, "clock", 60.0)
    assert (type(error), error.kind) == (TransportError, "thread")
    assert "can't start new thread" in str(error)
    assert tokens.wait(None, "clock", 60.0) == SIGNED


@pytest.mark.parametrize("brings", [GRANT, ServiceDown("No luck.")], ids=["a token", "an error"])
def test_a_task_that_gives_up_spoils_nothing_and_leaves_nothing_behind(sharing, brings):
    renewing = Renewing(brings)
    tokens = sharing(renewing)
    said = []

    async def give_up():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: said.append(context))
        other = asyncio.create_task(tokens.wait_async(None, "clock", 60.0))
        assert isinstance(await tokens.wait_async(None, "clock", 0.0), DeadlineError)
        gone = asyncio.create_task(tokens.wait_async(None, "clock", 60.0))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await asyncio.to_thread(renewing.end)
        got = await other
        del gone, other
        if isinstance(brings, Exception):
            brings.__traceback__ = None  # it holds what was waited for
        await asyncio.sleep(0)
        gc.collect()
        return got

    got = asyncio.run(give_up())
    assert got == SIGNED if brings is GRANT else isinstance(got, ServiceDown)
    assert said == [], "such as an exception that was never retrieved"


# What a token becomes


def test_a_token_at_hand_is_signed_once(sharing):
    tokens = sharing(renewing := Renewing())
    signed = tokens.get_cached(None, 0.0)
    assert signed == SIGNED
    assert tokens.get_cached(None, 0.0) is signed
    assert tokens.get_cached("canary-1", 0.0) is None
    renewing.brings = TokenSet("canary-2", 9e9)
    assert tokens.get_cached(None, 0.0).headers == (("Authorization", "Bearer canary-2"),)
    assert tokens.read_token_set() is renewing.brings


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (None, None), ("", None), ("https://evil.example", None), ("http://api.zoom.us", None), ("no url", None),
        ("https://API.zoom.us:443/?x#y", "https://api.zoom.us"), ("https://\uff41pi.zoom.us", None),
        ("https://api.zoom.us/rest/a1/", "https://api.zoom.us/rest/a1"), ("api-eu.zoom.us", "https://api-eu.zoom.us"),
    ],
)  # fmt: skip
def test_a_token_goes_where_it_says_only_if_that_is_one_of_the_hosts(sharing, url, base):
    tokens = sharing(Renewing(TokenSet("canary-1", 9e9, api_url=url)))
    assert tokens.get_cached(None, 0.0).base_url == base
