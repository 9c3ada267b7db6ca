"""What all tests share: the bundled connector, a connection, a counting server, a given clock, folders made on the spot."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from support.sandboxes.lamp import LAMP_MANIFEST
from support.servers import TOKEN, Counting, GivenClock

from connector import Client, Connection, Connector
from connector.definition.validation import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

settings.register_profile(
    "short",  # every day; --hypothesis-profile long before a release
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("brief", settings.get_profile("short"), max_examples=10)  # where branches are counted
settings.register_profile("long", settings.get_profile("short"), max_examples=3000)
settings.load_profile("short")


signal.signal(signal.SIGINT, signal.default_int_handler)  # a runner in the background has it ignored; children inherit


_reached: list[str] = []  # addresses beyond this machine that the test under way connected to


def _note_address(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        try:
            is_loopback = ipaddress.ip_address(args[1][0]).is_loopback
        except ValueError:
            is_loopback = args[1][0] == "localhost"
        if not is_loopback:
            _reached.append(f"{args[1][0]}:{args[1][1]}")


sys.addaudithook(_note_address)


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    """No test reaches beyond loopback."""
    _reached.clear()
    yield
    assert _reached == [], "a test reached beyond loopback"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's owner has set is not part of a test."""
    for name in list(os.environ):
        if name.startswith(("ZOOM_", "CONNECTOR_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def zoom() -> Connector:
    """The bundled connector."""
    return Connector.open()


@pytest.fixture
def token_connection(zoom: Connector) -> Connection:
    """A connection that needs no sign-in."""
    return Connection(zoom, "accessToken", accessToken=TOKEN)


@pytest.fixture
def server() -> Iterator[Counting]:
    """A counting server that answers `{}` until it is told otherwise."""
    with Counting() as one:
        yield one


@pytest.fixture
def clock() -> GivenClock:
    """A clock that moves only when somebody waits on it."""
    return GivenClock()


@pytest.fixture
def client(zoom: Connector, token_connection: Connection, server: Counting, clock: GivenClock) -> Iterator[Client]:
    """A client of the bundled connector that talks to the counting server."""
    with Client(zoom, token_connection, base_url=server.url, clock=clock) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Connector]:
    """Make a connector's folder: more lines of its manifest, and its actions by file name."""

    def make(manifest: str = "", actions: Mapping[str, str] | None = None, *, whole: str | None = None) -> Connector:
        (tmp_path / "actions").mkdir(exist_ok=True)
        (tmp_path / "manifest.yaml").write_text(whole or LAMP_MANIFEST + manifest, encoding="utf-8")
        for name, text in (actions or {}).items():
            (tmp_path / "actions" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return Connector.open(tmp_path)

    return make


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's folder of what was worked out before, which is this test's alone and is not there yet."""
    place = tmp_path / "cache" / "connector"
    monkeypatch.setattr(cache_folder, "_find_folder", place.joinpath)
    return place


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of memory, where this user may mount one."""
    place = Path(tempfile.mkdtemp(prefix="connector-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k,mode=0700", "tmpfs", str(place)]
    may_mount = os.geteuid() == 0 and shutil.which("mount")
    if not may_mount or subprocess.run(mount, check=False, capture_output=True).returncode:
        place.rmdir()
        pytest.skip("this user may not mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)
    place.rmdir()
