"""A command reads the files of the actions that it uses, and no other, once the folder's index is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from connector import Connector

if TYPE_CHECKING:
    from pathlib import Path

MORE = 60  # actions beside the bundled ones
CALL = ("run", "createMeeting", "--user-id", "me", "--topic", "Standup")
ONE = {"create-meeting.yaml"}
SCRIPT = """
import json, os, sys
from connector.definition.forms import head_index
head_index._TOO_NEW = -(10 ** 12)  # files that the test has just written may be noted
opened = set()

def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".yaml") and os.sep + "actions" + os.sep in str(arguments[0]):
        opened.add(os.path.basename(arguments[0]))

sys.addaudithook(note)
report = sys.argv.pop(1)
try:
    from connector.cli.main import run
    sys.exit(run())
finally:
    with open(report, "w") as file:
        json.dump(sorted(opened), file)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many") / "zoom"
    bundled = Connector.open().folder
    for part in ("actions", "schemas"):
        shutil.copytree(bundled / part, folder / part)
    shutil.copy(bundled / "manifest.yaml", folder)
    text = (folder / "actions" / "list-users.yaml").read_text(encoding="utf-8")
    for number in range(MORE):
        named = text.replace("action: listUsers", f"action: listUsers{number}", 1)
        named = named.replace("GET /users", f"GET /teams{number}/users").replace(
            "path: /users", f"path: /teams{number}/users"
        )
        (folder / "actions" / f"list-users{number}.yaml").write_text(named, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("words", "needed"),
    [(("list",), set()), (("show", "createMeeting"), ONE), ((*CALL, "--dry-run"), ONE)],
    ids=" ".join,
)
def test_a_command_reads_only_what_it_uses(folder, tmp_path, words, needed):
    assert needed <= read_files(tmp_path, "--connector", str(folder), *words)
    assert read_files(tmp_path, "--connector", str(folder), *words) <= needed


def test_the_sandbox_reads_only_the_actions_of_what_it_keeps(folder, tmp_path):
    words = ("--connector", str(folder), *CALL, "--sandbox")
    assert len(read_files(tmp_path, *words)) > MORE
    read = read_files(tmp_path, *words)
    assert read >= ONE
    assert read <= {path.name for path in (Connector.open().folder / "actions").iterdir()}


@pytest.mark.parametrize(("line", "needed"), [("run crea", set()), ("run createMeeting --to", ONE)])
def test_a_completion_reads_only_what_it_shows(folder, tmp_path, line, needed):
    words = f"connector --connector {folder} {line}"
    asked = {"_CONNECTOR_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    assert needed <= read_files(tmp_path, **asked)
    assert read_files(tmp_path, **asked) <= needed


def read_files(place: Path, *words: str, **around: str) -> set[str]:
    """Run a command in a fresh process; return the names of the files of actions that it opened."""
    state = {f"XDG_{kind}_HOME": str(place / kind) for kind in ("CACHE", "STATE", "DATA", "CONFIG")}
    report = place / "report.json"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(report), *words],
        env=os.environ | state | around, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(json.loads(report.read_text()))
