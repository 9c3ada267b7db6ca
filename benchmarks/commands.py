"""What commands cost in a folder of many actions, beside the same in the bundled one, which has 22.

Each command is a fresh process. Its actions have paths of their own, so that the sandbox has as many routes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import rounds, starts
from benchmarks.rounds import Row
from connector import Connector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service

MANY = 1719  # as Zoom's own descriptions have
_CALL = ("createMeeting", "--user-id", "me", "--topic", "Standup")
COMMANDS = {
    "list": (("list",), "at most 2.5"),
    "run ACTION --dry-run": (("run", *_CALL, "--dry-run"), "at most 1.1"),
    "run ACTION --sandbox": (("run", *_CALL, "--sandbox"), "at most 1.5"),
    "lint": (("lint",), "at most 30"),
}
COMPLETED = {  # what a shell asks for at a tab
    "the actions that begin with crea": ("run", "crea"),
    "the flags of an action": ("run", "createMeeting", "--"),
}
_SHELL = "COMP_WORDS='{words}' COMP_CWORD={last} _CONNECTOR_COMPLETE=bash_complete exec '{python}' -m connector"


def rows(server: Service, count: int) -> Iterator[Row]:
    """Measure each command in both folders."""
    del server  # nothing is sent
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        few = len(Connector.open().action_files)
        folders = {size: write_many(folder / str(size), size) for size in (few, MANY)}
        processes = {
            f"{name} {size}": _command(words, path)
            for name, (words, _) in COMMANDS.items()
            for size, path in folders.items()
        }
        processes |= {
            f"{name} {size}": _completion(words, path)
            for name, words in COMPLETED.items()
            for size, path in folders.items()
        }
        took = rounds.fresh(processes, count, XDG_STATE_HOME=str(folder))
    goals = {name: goal for name, (_, goal) in COMMANDS.items()} | dict.fromkeys(COMPLETED, "at most 2.5")
    for name, goal in goals.items():
        many, base = took[f"{name} {MANY}"], took[f"{name} {few}"]
        what = f"{'completing' if name in COMPLETED else 'connector'} {name}, {MANY:,} actions"
        yield Row(what, f"{many * 1000:,.0f} ms", f"of {few} {base * 1000:,.0f} ms", many / base, goal)


def _command(words: tuple[str, ...], folder: Path) -> list[str]:
    python = [sys.executable, "-m", "connector"]
    return [*python, "lint", str(folder)] if words == ("lint",) else [*python, "--connector", str(folder), *words]


def _completion(words: tuple[str, ...], folder: Path) -> list[str]:
    line = ("connector", "--connector", str(folder), *words)
    return ["sh", "-c", _SHELL.format(words=" ".join(line), last=len(line) - 1, python=sys.executable)]


def write_many(folder: Path, actions: int) -> Path:
    """Make a connector's folder with so many actions: the bundled ones, and more that have paths of their own."""
    more = actions - len(Connector.open().action_files)
    starts.definitions(folder, more)
    for number in range(more):
        file = folder / "actions" / f"list-users{number}.yaml"
        text = file.read_text(encoding="utf-8")
        text = text.replace("GET /users", f"GET /teams{number}/users").replace(
            "path: /users", f"path: /teams{number}/users"
        )
        file.write_text(text, encoding="utf-8")
    return folder
