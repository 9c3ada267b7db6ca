"""Processes that write until they are killed, and checks of the stores they leave."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

from connector.errors import StoreError
from connector.runtime.files.key_names import encode_key
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.open import open_store
from support import private_postgres
from support.processes.forked import Sibling

KEY = "connection:work"
_OF_THE_SYSTEM = {"posix", "fcntl", "_io", "nt", "socket", "_socket"}
_QUIET = ("fspath", "getpid", "fstat", "lstat", "stat", "getsockname", "getpeername", "gettimeout", "fileno")


@dataclass
class Found:
    """The effects of kills: their number, how many hit a write, and the faults afterwards."""

    kills: int = 0
    writes: int = 0
    corrupt: int = 0
    lost: int = 0
    residue: int = 0
    stuck: int = 0


def content(version: int) -> dict[str, Any]:
    """Return what version `version` holds: long enough for several pages of a database."""
    return {"of": version, "token": f"{version}:" + "t" * (3000 + version % 7 * 900)}


def renew_for_ever(pipe: Any, url: str, warm: bool) -> None:
    """Write as refreshes do, and send each stored version; once warm, send the seconds of a refresh."""
    store = open_store(url)
    if warm:
        renew(pipe, store)
        began = time.monotonic()
        renew(pipe, store)
        pipe.send(time.monotonic() - began)
    else:
        pipe.send(0.0)
    while True:
        renew(pipe, store)


def renew(pipe: Any, store: Any) -> None:
    """Lock, read, prepare, store an intent, store a new token."""
    with store.lock(KEY, 10.0):
        kept = store.read(KEY)
        version = kept.version if kept else 0
        store.prepare(KEY)
        for _ in range(2):
            version = store.write(KEY, content(version + 1), version=version)
            pipe.send(version)


def storm(url: str, kills: int, seed: int) -> Found:
    """Kill writers within their first two refreshes, some of them cold, and check the store after each."""
    chance, found, before, longest = random.Random(seed), Found(), 0, 0.1
    for _ in range(kills):
        writer = Sibling(renew_for_ever, url, chance.random() < 0.7)
        said = [writer.hear()]
        while not isinstance(said[-1], float):
            said.append(writer.hear())
        longest = 2 * said.pop() or longest
        writer.process.join(chance.uniform(0, longest))
        writer.kill()
        said += writer.heard()
        before = look(url, max(said, default=before), found)
        found.kills += 1
        found.writes += len(said)
    return found


def look(url: str, known: int, found: Found) -> int:
    """Compare the store with the last version that is known to be kept; return the one that is there."""
    try:
        store = open_store(url)
        with store.lock(KEY, 1.0):
            kept = store.read(KEY)
            store.prepare(KEY)
    except StoreError as error:
        found.corrupt += "cannot be read" in str(error)
        found.stuck += "locked" in str(error)
        if "cannot be read" not in str(error) and "locked" not in str(error):
            raise
        return known
    version = kept.version if kept else 0
    found.lost += version not in (known, known + 1)
    found.corrupt += kept is not None and kept.data != content(version)
    found.residue += len(left_over(url))
    return version


def left_over(url: str, key: str = KEY) -> list[str]:
    """Return what lies in the place of a store besides its record and its locks."""
    kind, _, place = url.partition(":")
    if kind == "postgresql":
        return [key for (key,) in private_postgres.execute(url, "SELECT key FROM connector_store WHERE key LIKE '~%'")]
    path = Path("/" + place.lstrip("/"))
    if kind == "sqlite":
        return [one.name for one in path.parent.iterdir() if one.name not in (path.name, f"{path.name}.locks")]
    return [one.name for one in path.iterdir() if one.name not in ("locks", f"{encode_key(key)}.json")]


def write_and_die(pipe: Any, folder: str, step: int) -> str:
    """Write, and end with kill -9 just before or just after a call of the system: the one numbered `step`."""
    store = FileStore(Path(folder))
    steps = itertools.count(1)

    def die(frame: Any, event: str, call: Any) -> None:
        if event not in ("c_call", "c_return") or not of_the_system(call):
            return
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(die)
    version = store.write(KEY, content(2), version=1)
    sys.setprofile(None)
    return f"wrote {version}"


def of_the_system(call: Any) -> bool:
    """Whether a built-in function may change what others see: files, locks, names, sockets."""
    if not isinstance(call, BuiltinFunctionType):
        return False
    owner = getattr(call, "__module__", None) or type(call.__self__).__module__
    return owner in _OF_THE_SYSTEM and call.__name__ not in _QUIET
