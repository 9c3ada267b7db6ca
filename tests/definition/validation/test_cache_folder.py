"""What was read before is kept where nothing but this user can have written it, and never stands for what is there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from connector.definition.loader import Connector
from connector.definition.validation import cache_folder
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

ACTION = """\
action: getLamp
label: Get Lamp
summary: Read a lamp.
request: GET /lamps/{lampId}
inputs:
  lampId: {label: Lamp, help: The lamp., type: string, required: true, to: path.lampId}
"""
MANIFEST = "connector: lamps\nlabel: Lamps\nsummary: Light.\nbase_url: https://lamps.example\n"
PROGRAM = (
    "import sys; from connector import Connector; from connector.definition.forms.action_heads import ActionHeads;"
    "c = Connector.open(sys.argv[1]); print(c.action('getLamp').label, ActionHeads.read(c).heads[0].summary, flush=True)"
)
ANSWER = "Get Lamp Read a lamp.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lamps" / "actions").mkdir(parents=True)
    (tmp_path / "lamps" / "manifest.yaml").write_text(MANIFEST)
    (tmp_path / "lamps" / "actions" / "get-lamp.yaml").write_text(ACTION)
    return tmp_path / "lamps"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder of entries."""
    place = tmp_path / "cache" / "definitions"
    monkeypatch.setattr(cache_folder, "_find_folder", place.with_name)
    return place


@pytest.fixture
def validations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were validated."""
    from connector.definition import loader

    validate, seen = loader._validate_file, []
    monkeypatch.setattr(
        loader, "_validate_file", lambda raw, path, *rest: seen.append(path.name) or validate(raw, path, *rest)
    )
    return seen


def test_a_file_is_validated_once(folder, kept, validations):
    first, second = (Connector.open(folder).action("getLamp") for _ in range(2))
    assert first == second
    assert first.model_fields_set == second.model_fields_set
    assert validations == ["manifest.yaml", "get-lamp.yaml"]


def test_an_edit_is_seen_at_once_and_so_is_a_mistake(folder, kept):
    file = folder / "actions" / "get-lamp.yaml"
    assert Connector.open(folder).action("getLamp").label == "Get Lamp"
    state = file.stat()
    file.write_text(ACTION.replace("Get Lamp", "Got Lamp"))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))  # of the same size and time
    assert Connector.open(folder).action("getLamp").label == "Got Lamp"
    file.write_text(ACTION.replace("label:", "lable:"))
    for _ in range(2):
        with pytest.raises(DefinitionError, match="lable"):
            Connector.open(folder).action("getLamp")


def test_an_action_is_validated_again_where_an_input_that_it_uses_is_another(folder, kept):
    file = folder / "actions" / "get-lamp.yaml"
    file.write_text(ACTION.replace("{label: Lamp, help: The lamp., type: string, required: true, ", "{use: lamp, "))
    shared = "inputs:\n  lamp: {label: LABEL, help: The lamp., type: string, to: path.lampId}\n"
    for label in ("One", "Other"):
        (folder / "manifest.yaml").write_text(MANIFEST + shared.replace("LABEL", label))
        assert Connector.open(folder).action("getLamp").inputs["lampId"].label == label


def test_entries_are_the_users_own(folder, kept):
    Connector.open(folder).action("getLamp")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in kept.iterdir()} == {0o600}


def _damage(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes().replace(b"Lamp", b"Ramp"))


def _empty(entry: Path) -> None:
    entry.write_bytes(b"")


def _open_to_others(entry: Path) -> None:
    entry.chmod(0o666)


def _link(entry: Path) -> None:
    target = entry.with_suffix(".target")
    entry.rename(target)
    entry.symlink_to(target)


def _block(entry: Path) -> None:
    entry.unlink()
    os.mkfifo(entry)


@pytest.mark.parametrize("harm", [_damage, _empty, _open_to_others, _link, _block])
def test_an_entry_that_cannot_be_trusted_is_as_if_it_were_not_there(harm, folder, kept, validations):
    Connector.open(folder).action("getLamp")
    for entry in list(kept.iterdir()):
        harm(entry)
    validations.clear()
    assert Connector.open(folder).action("getLamp").label == "Get Lamp"
    assert validations == ["manifest.yaml", "get-lamp.yaml"]


def test_a_folder_that_others_may_write_is_not_used(folder, kept, validations):
    Connector.open(folder)
    kept.chmod(0o777)
    Connector.open(folder)
    assert validations == ["manifest.yaml", "manifest.yaml"]


def test_what_no_model_is_is_no_entry(folder, kept, validations):
    Connector.open(folder)
    (entry,) = kept.iterdir()
    for content in (
        b"[]",
        b"{}",
        b'[["os:system"],{"\\u0000":0}]',
        b'[["connector.cli.main:run"],{"\\u0000":0}]',
        b"\xff",
    ):
        cache_folder.keep_entry(entry.name, content)
        assert Connector.open(folder).manifest.label == "Lamps"
    assert len(validations) == 6


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_where_nothing_can_be_written_nothing_is_kept_and_all_is_right(error, folder, kept, monkeypatch):
    Connector.open(folder)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cache_folder.os, "fdopen", fail)
    assert Connector.open(folder).action("getLamp").label == "Get Lamp"


def test_the_oldest_half_goes_where_there_are_many(kept, monkeypatch):
    monkeypatch.setitem(cache_folder._MOST_ENTRIES, "definitions", 10)
    kept.mkdir(parents=True, mode=0o700)
    for number in range(12):
        (kept / f"{number}").write_bytes(b"")
        os.utime(kept / f"{number}", (number, number))
    cache_folder.keep_entry("new", b"entry")
    assert sorted(entry.name for entry in kept.iterdir()) == sorted(["new", *map(str, range(6, 12))])


@pytest.mark.parametrize("place", ["empty", "file", "unwritable"])
def test_fifty_processes_at_once_answer_right(place, folder, tmp_path):
    cache = tmp_path / "cache"
    if place == "file":
        cache.write_text("no folder")
    elif place == "unwritable":
        cache.mkdir(mode=0o500)
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    count = 50 if place == "empty" else 3
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    assert {process.communicate()[0] for process in running} == {ANSWER}
    assert not list(cache.glob("**/*.new"))


def test_the_index_sees_a_file_that_is_new_gone_or_another(folder, kept):
    from connector.definition.forms.action_heads import ActionHeads

    def read() -> list[str]:
        return [head.label for head in ActionHeads.read(Connector.open(folder)).heads]

    file, other = folder / "actions" / "get-lamp.yaml", folder / "actions" / "read-lamp.yaml"
    long_ago = time.time() - 60
    os.utime(file, (long_ago, long_ago))
    assert read() == read() == ["Get Lamp"]
    other.write_text(ACTION.replace("getLamp", "readLamp").replace("Get", "Read"))
    assert read() == ["Get Lamp", "Read Lamp"]
    file.unlink()
    assert read() == ["Read Lamp"]
    other.write_text(other.read_text().replace("Read Lamp", "Real Lamp"))
    assert read() == ["Real Lamp"]
