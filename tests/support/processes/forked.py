"""Processes that use a store, forked from a preloaded server so that many are cheap."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import resource
import signal
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import connector
from connector.errors import ConnectorError, StoreError
from connector.runtime.storage.open import open_store

_LOADED = [
    "support.processes.callers",
    "support.processes.store_writers",
    "connector.runtime.storage.sql_store",
    "connector.runtime.storage.file_store",
    "connector.runtime.database.sqlite",
]
_LOADED += [
    "connector.runtime.database.postgres",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "filelock._descriptor",
]
_LOADED += [
    "sqlalchemy.dialects.sqlite.pysqlite",
    "cryptography.fernet",
    "pytest",
    "encodings.idna",
    "oauthlib.oauth2",
    "gzip",
]
_LOADED += [
    "connector.runtime.webhooks.uvicorn_server",
    "connector.runtime.webhooks.server",
    "connector.runtime.webhooks.inbox",
]
_LOADED += [
    "httpcore",
    "httpx",
    "connector.runtime.client.client",
    "connector.runtime.calls.prepared",
    "connector.runtime.http.httpx.async_transport",
    "connector.runtime.http.httpx.transport",
    "connector.definition.loader",
]
NOBODY = 65_534
TOKEN = "canary-refresh-token-" + "x" * 1500

_HERE = [str(Path(__file__).parents[2])]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(_LOADED)


def _serve() -> None:
    """Start the server of forks where these modules can be found; what Python tells it of our path goes unheard."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([*_HERE, *filter(None, [before])])
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


class Sibling:
    """A process that runs one of the functions below, with a pipe to it."""

    def __init__(self, function: Any, *args: Any) -> None:
        _serve()
        self._pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_begin, args=(function, theirs, args), daemon=True)
        self.process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    def hear(self, timeout: float = 30.0) -> Any:
        """Return its next message."""
        assert self._pipe.poll(timeout), "the other process says nothing"
        return self._pipe.recv()

    def heard(self) -> list[Any]:
        """Return all its messages, once it has ended."""
        said = []
        try:
            while True:
                said.append(self._pipe.recv())
        except (EOFError, OSError):
            return said

    def says_more(self, seconds: float) -> bool:
        """Whether it sends a message within so many seconds."""
        return self._pipe.poll(seconds)

    def say(self, what: Any) -> None:
        self._pipe.send(what)

    def kill(self) -> None:
        """End it with kill -9, and wait until it has ended."""
        self.process.kill()
        self.process.join(30)

    def end(self) -> Any:
        """Return its last message before it ends by itself."""
        said = self.hear(60.0)
        self.process.join(30)
        return said


def _begin(function: Any, pipe: Any, args: Any) -> None:
    try:
        pipe.send(function(pipe, *args))
    except ConnectorError as error:
        pipe.send(error)


def hold(pipe: Any, url: str, key: str, timeout: float = 10.0) -> str:
    """Hold a lock until a message frees it."""
    with open_store(url).lock(key, timeout):
        pipe.send("held")
        pipe.recv()
    return "freed"


def hold_and_fork(pipe: Any, url: str, key: str) -> str:
    """Hold a lock, and have a child that lives on and runs the rest of the with block too."""
    store = open_store(url)
    with store.lock(key, 10.0):
        child = os.fork()
        if child == 0:
            pipe.recv()
        else:
            pipe.send(child)
            pipe.send("held")
            signal.pause()
    pipe.send("the child has left the block")
    return "done"


def take(pipe: Any, url: str, key: str, timeout: float) -> str:
    """Take a lock and free it again."""
    store = open_store(url)
    pipe.send("waiting")
    with store.lock(key, timeout):
        return "taken"


def count_up(pipe: Any, url: str, key: str, times: int) -> int:
    """Add to a number in the store by comparing and swapping alone; return how often somebody was faster."""
    store, lost = open_store(url), 0
    for _ in range(times):
        while True:
            kept = store.read(key)
            number, version = (kept.data["number"], kept.version) if kept else (0, 0)
            try:
                store.write(key, {"number": number + 1}, version=version)
                break
            except StoreError as error:
                if not error.conflict:
                    raise
                lost += 1
    return lost


def renew(pipe: Any, url: str, key: str, stale: str) -> bool:
    """Act as a refresh does: under the lock, check whether another process was faster, else spend the token."""
    store = open_store(url)
    pipe.send("ready")
    pipe.recv()
    with store.lock(key, 60.0):
        kept = store.read(key)
        if kept.data["token"] != stale:
            return False
        store.prepare(key)
        store.write(key, {"token": "fresh"}, version=kept.version)
        return True


def write_without_room(pipe: Any, url: str, key: str, size: int) -> Any:
    """Write and prepare with files limited to `size` bytes, and again without the limit; say what happened."""
    store = open_store(url)
    kept = store.read(key)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    told = []
    for work in (
        lambda: store.prepare(key, 60_000),
        lambda: store.write(key, {"token": TOKEN * 40}, version=kept.version),
    ):
        try:
            work()
            told.append(None)
        except StoreError as error:
            told.append(error)
    full = store.read(key)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.prepare(key)
    store.write(key, {"token": "after"}, version=kept.version)
    return told, full.data, store.read(key).data


def become(user: int) -> None:
    """Be another user, if that is possible; all of the package is loaded before, since its folder may be private."""
    if os.geteuid() != 0:
        return
    for module in pkgutil.walk_packages(connector.__path__, "connector."):
        needs_extra = module.name.startswith("connector.integrations.")  # which no store needs
        if not (needs_extra or module.name.endswith("__main__")):
            importlib.import_module(module.name)
    os.setgid(user)
    os.setuid(user)


def as_nobody(pipe: Any, url: str, key: str) -> Any:
    """Read and write as a user without rights; say what happened."""
    become(NOBODY)
    told = []
    store = open_store(url)
    for work in (lambda: store.read(key), lambda: store.prepare(key), lambda: store.write(key, {})):
        try:
            told.append(work())
        except StoreError as error:
            told.append(error)
    return told
