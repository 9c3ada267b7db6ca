"""Other processes that call with a connection of a shared store: in rounds on a given clock, once, or until killed."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

from servers import GivenClock

from connector import Client, Connection, Connector
from connector.edge.store import open_store
from connector.errors import ConnectorError

ME = {"userId": "me"}
_OF_THE_SYSTEM = {"posix", "fcntl", "_io", "nt", "_socket"}
_QUIET = ("fspath", "getpid", "fstat", "lstat", "stat", "getsockname", "getpeername", "gettimeout", "fileno")
_cached: list[Connector] = []


def opened() -> Connector:
    """The bundled connector, read once."""
    if not _cached:
        _cached.append(Connector.open())
    return _cached[0]


def client_of(url: str, base_url: str, clock: Any = None) -> Client:
    """A client with the connection that the store of a URL keeps as "work"."""
    return Client(opened(), Connection.stored(opened(), "work", store=open_store(url)), base_url=base_url, clock=clock)


def attempt(client: Client) -> Any:
    """The status of a call, or its error."""
    try:
        return client.run("getUser", ME, timeout=50).status
    except ConnectorError as error:
        return error


def call_in_rounds(pipe: Any, url: str, base_url: str, threads: int = 1) -> str:
    """Call once a round from each thread, at the moment that is told, until none is."""
    clock = GivenClock()
    with client_of(url, base_url, clock) as client:
        client.dry_run("getUser", ME)  # all that is done once an action is done now
        pipe.send("ready")
        while (now := pipe.recv()) is not None:
            clock.passed = now - clock.start
            got: list[Any] = []
            callers = [threading.Thread(target=lambda: got.append(attempt(client))) for _ in range(threads)]
            for one in callers:
                one.start()
            for one in callers:
                one.join()
            pipe.send(got)
    return "done"


def call_once(pipe: Any, url: str, base_url: str) -> Any:
    """Call, and say what came of it."""
    with client_of(url, base_url) as client:
        return attempt(client)


def call_for_ever(pipe: Any, url: str, base_url: str) -> None:
    """Say the time before each call, and let each call find its token ended."""
    clock = GivenClock()
    with client_of(url, base_url, clock) as client:
        pipe.send("ready")
        for _ in itertools.count():
            clock.passed += 4000
            pipe.send(attempt(client))


def call_and_die(pipe: Any, url: str, base_url: str, step: int) -> Any:
    """Call, and end with kill -9 at the call of the system numbered `step` that the renewal's thread makes."""
    client = client_of(url, base_url)
    steps = itertools.count(1)

    def die(frame: Any, event: str, call: Any) -> None:
        if event in ("c_call", "c_return") and _of_the_system(call) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(die)
    got = attempt(client)
    threading.setprofile(None)
    client.close()
    return got


def _of_the_system(call: Any) -> bool:
    """Whether a built-in function may change what others see: files, locks, names, sockets."""
    if not isinstance(call, BuiltinFunctionType):
        return False
    owner = getattr(call, "__module__", None) or type(call.__self__).__module__
    return owner in _OF_THE_SYSTEM and call.__name__ not in _QUIET


def fork_and_call(pipe: Any, url: str, base_url: str) -> list[Any]:
    """Fork while a renewal is under way, and call in the child; what the child and the parent got."""
    with client_of(url, base_url) as client:
        got: list[Any] = []
        caller = threading.Thread(target=lambda: got.append(attempt(client)))
        caller.start()
        pipe.send("calling")
        pipe.recv()
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, str(attempt(client)).encode())
            os._exit(0)
        os.close(writing)
        pipe.send("forked")
        caller.join()
        with os.fdopen(reading, "rb") as told:
            return [*got, told.read().decode()]


def argv(pipe: Any, url: str, base_url: str) -> list[Any]:
    """Call, and say what stands on the command line and in the environment of this process."""
    with client_of(url, base_url) as client:
        got = attempt(client)
    return [got, sys.argv, Path("/proc/self/cmdline").read_bytes(), Path("/proc/self/environ").read_bytes()]
