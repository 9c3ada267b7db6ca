"""What a start costs: importing, the command line's help, one action among many definitions."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import rounds
from benchmarks.rounds import Row
from connector import Connector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service

MANY = 1000
_DRY = """
import sys
from connector import Client, Connector
connector = Connector.open(sys.argv[1])
Client(connector).dry_run("createMeeting", {"userId": "me", "topic": "Standup"})
"""
_SENT = """
import sys
from connector import Client, Connection, Connector
connector = Connector.open()
connection = Connection(connector, "accessToken", accessToken="a-token-of-no-service")
with Client(connector, connection, base_url=sys.argv[1]) as client:
    client.run("createMeeting", {"userId": "me", "topic": "Standup"})
"""

_ALONE = """
import sys
import httpx
with httpx.Client() as client:
    client.post(f"{sys.argv[1]}/users/me/meetings", json={"topic": "Standup"}).json()
"""


def rows(server: Service, count: int) -> Iterator[Row]:
    """Measure starts of fresh processes."""
    took = rounds.imported("connector", count)
    client = rounds.imported("connector.runtime.client.client", count)
    yield Row("import connector", _milli(took), f"with its client {_milli(client)}", took / client, "far below 1")
    with tempfile.TemporaryDirectory() as folder:
        yield from _processes(server, Path(folder), count)


def _processes(server: Service, folder: Path, count: int) -> Iterator[Row]:
    python = sys.executable
    url = server.secure_url() if server.certificate else server.url()
    commands = {
        "python": [python, "-c", ""],
        "help": [python, "-m", "connector", "--help"],
        "sent": [python, "-c", _SENT, url],
        "alone": [python, "-c", _ALONE, url],
        "few": [python, "-c", _DRY, str(definitions(folder / "few", 0))],
        "many": [python, "-c", _DRY, str(definitions(folder / "many", MANY))],
    }
    took = rounds.fresh(commands, count, SSL_CERT_FILE=server.certificate)
    base = took["python"]
    yield Row(
        "connector --help, above python", _milli(took["help"] - base), f"python {_milli(base)}", None, "at most 30 ms"
    )
    sent, alone = took["sent"] - base, took["alone"] - base
    yield Row(
        "a process to its first answer, above python", _milli(sent), f"httpx alone {_milli(alone)}", sent / alone,
        "at most 1.3: 200 ms where httpx takes 154",
    )  # fmt: skip
    more = (took["many"] - took["few"]) * 1000
    yield Row(
        f"one action of {MANY:,} definitions, {more:+.1f} ms", _milli(took["many"]), f"of 22 {_milli(took['few'])}",
        took["many"] / took["few"], "at most 1.3 and 5 ms",
    )  # fmt: skip


def definitions(folder: Path, more: int) -> Path:
    """Make a connector's folder: the bundled one, and so many actions more."""
    bundled = Connector.open()
    folder.mkdir()
    shutil.copy(bundled.folder / "manifest.yaml", folder)
    for part in ("actions", "schemas"):
        shutil.copytree(bundled.folder / part, folder / part)
    text = (folder / "actions" / "list-users.yaml").read_text(encoding="utf-8")
    for number in range(more):
        named = text.replace("action: listUsers", f"action: listUsers{number}", 1)
        (folder / "actions" / f"list-users{number}.yaml").write_text(named, encoding="utf-8")
    return folder


def _milli(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
