"""What was read before is kept where nothing but this user can have written it, and never stands for what is there."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from connector.definition.forms import action_heads, head_index
from connector.definition.forms.action_heads import ActionHeads
from connector.definition.loader import Connector
from connector.definition.validation import cache_folder
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
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
KEEP = """
import os, pathlib, sys
from connector.definition.validation import cache_folder
own, os.getpid = os.getpid(), lambda: 7  # all have one number, as the first process of each container has
if sys.argv[1] == "die":
    pathlib.Path.replace = lambda *_: os.kill(own, 9)
cache_folder.keep_entry("0" * 64, b"entry")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lamps" / "actions").mkdir(parents=True)
    (tmp_path / "lamps" / "manifest.yaml").write_text(MANIFEST)
    (tmp_path / "lamps" / "actions" / "get-lamp.yaml").write_text(ACTION)
    return tmp_path / "lamps"


@pytest.fixture
def kept(own_cache: Path) -> Path:
    """An own folder of entries."""
    return own_cache / "definitions"


@pytest.fixture
def validations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were validated."""
    from connector.definition import loader

    validate, seen = loader._validate_file, []
    monkeypatch.setattr(
        loader, "_validate_file", lambda raw, path, *rest: seen.append(path.name) or validate(raw, path, *rest)
    )
    return seen


class Index:
    """The index of a folder, read anew each time; `parsed` are the files that it did not have."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.parsed: list[str] = []
        self.now = time.time_ns() + 3600 * 10**9  # when no file is new any more

    def read(self) -> list[str]:
        """Return the labels of the actions."""
        return [head.label for head in ActionHeads.read(Connector.open(self._folder)).heads]

    def time_ns(self) -> int:
        return self.now


@pytest.fixture
def index(folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    one, parse = Index(folder), action_heads._read_head
    monkeypatch.setattr(head_index, "time", one)
    monkeypatch.setattr(
        action_heads, "_read_head", lambda lamps, name, path: one.parsed.append(path.name) or parse(lamps, name, path)
    )
    return one


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


def _write(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda entry: entry.write_bytes(change(entry.read_bytes()))


def _swap(entry: Path) -> None:
    """Put each entry in the place of the next."""
    names = sorted(entry.parent.iterdir())
    if entry == names[0]:
        contents = [one.read_bytes() for one in names]
        for one, content in zip(names, contents[1:] + contents[:1], strict=True):
            one.write_bytes(content)


def _link(entry: Path) -> None:
    entry.symlink_to(entry.rename(entry.with_suffix(".target")))


def _replace(make: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda entry: (entry.unlink(), make(entry))


HARMS = {
    "other content": _write(lambda content: content.replace(b"Lamp", b"Ramp")),
    "another checksum": _write(lambda content: b"0" * 64 + content[64:]),
    "truncated": _write(lambda content: content[: len(content) // 2]),
    "zeros": _write(lambda content: bytes(len(content))),
    "random": _write(lambda content: random.Random(len(content)).randbytes(len(content))),
    "empty": _write(lambda _: b""),
    "that of another digest": _swap,
    "written by others": lambda entry: entry.chmod(0o666),
    "of another user": lambda entry: os.chown(entry, 65_534, -1),
    "a link": _link,
    "a pipe": _replace(os.mkfifo),
    "a folder": _replace(os.mkdir),
    "gone": os.unlink,
}


@pytest.fixture(params=HARMS)
def harm(request: pytest.FixtureRequest, kept: Path) -> Callable[[], object]:
    """Harm all entries."""
    if request.param == "of another user" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    return lambda: [HARMS[request.param](entry) for entry in sorted(kept.iterdir())]


def test_an_entry_that_cannot_be_trusted_is_as_if_it_were_not_there(harm, folder, kept, validations):
    Connector.open(folder).action("getLamp")
    harm()
    validations.clear()
    descriptors = os.listdir("/dev/fd")
    assert Connector.open(folder).action("getLamp").label == "Get Lamp"
    assert validations == ["manifest.yaml", "get-lamp.yaml"]
    assert os.listdir("/dev/fd") == descriptors
    assert not list(kept.glob("*.new"))


def test_an_index_that_cannot_be_trusted_is_as_if_it_were_not_there(harm, folder, index, kept):
    assert index.read() == index.read() == ["Get Lamp"]
    assert index.parsed == ["get-lamp.yaml"]
    harm()
    assert index.read() == ["Get Lamp"]
    assert index.parsed == ["get-lamp.yaml"] * 2


def test_what_no_index_is_is_no_index(folder, index, kept):
    assert index.read() == ["Get Lamp"]
    (entry,) = [one for one in kept.iterdir() if b"get-lamp.yaml" in one.read_bytes()]
    for content in (b"", b"[]", b'{"get-lamp.yaml": 5}', b'{"get-lamp.yaml": [[], 5]}', b"\xff", b"[" * 100_000):
        cache_folder.keep_entry(entry.name, content)
        assert index.read() == ["Get Lamp"], content


def test_a_folder_that_others_may_write_is_not_used(folder, kept, validations):
    Connector.open(folder)
    kept.chmod(0o777)
    Connector.open(folder)
    assert validations == ["manifest.yaml", "manifest.yaml"]


def test_what_no_model_is_is_no_entry(folder, kept, validations):
    Connector.open(folder)
    (entry,) = kept.iterdir()
    foreign = [b'[["os:system"],{"\\u0000":0}]', b'[["connector.cli.main:run"],{"\\u0000":0}]']
    for content in (b"[]", b"{}", *foreign, b"\xff", b"[" * 100_000):
        cache_folder.keep_entry(entry.name, content)
        assert Connector.open(folder).manifest.label == "Lamps"
    assert len(validations) == 7


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_where_nothing_can_be_written_nothing_is_kept_and_all_is_right(error, folder, kept, monkeypatch):
    Connector.open(folder)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(kept), "replace", fail)
    assert Connector.open(folder).action("getLamp").label == "Get Lamp"
    assert len(list(kept.iterdir())) == 1, "what was begun is removed"


def test_who_stops_a_command_leaves_nothing_that_was_begun(kept, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(kept), "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        cache_folder.keep_entry("0" * 64, b"entry")
    assert list(kept.iterdir()) == []


def test_what_a_killed_process_has_begun_is_in_nobodys_way(kept):
    for end, code in (("die", -9), ("live", 0)):
        environment = os.environ | {"XDG_CACHE_HOME": str(kept.parents[1])}
        assert subprocess.run([sys.executable, "-c", KEEP, end], env=environment, check=False).returncode == code
    assert cache_folder.read_entry("0" * 64) == b"entry"
    assert len(list(kept.glob("*.new"))) == 1, "the first was killed in the midst"


def test_the_oldest_half_goes_where_there_are_many(kept, monkeypatch):
    monkeypatch.setitem(cache_folder._MOST_ENTRIES, "definitions", 10)
    kept.mkdir(parents=True, mode=0o700)
    for number in range(12):
        (kept / f"{number}").write_bytes(b"")
        os.utime(kept / f"{number}", (number, number))
    cache_folder.keep_entry("new", b"entry")
    assert sorted(entry.name for entry in kept.iterdir()) == sorted(["new", *map(str, range(6, 12))])


def test_the_oldest_half_goes_though_another_process_removes_it_too(kept, monkeypatch):
    monkeypatch.setitem(cache_folder._MOST_ENTRIES, "definitions", 10)
    kept.mkdir(parents=True, mode=0o700)
    for number in range(12):
        (kept / f"{number}").write_bytes(b"")
    real = os.scandir

    def scan_what_vanishes(folder: Path) -> AbstractContextManager[list[os.DirEntry[str]]]:
        entries = list(real(folder))
        for entry in entries[::2]:
            os.unlink(entry)
        return nullcontext(entries)

    monkeypatch.setattr(cache_folder.os, "scandir", scan_what_vanishes)
    cache_folder.keep_entry("0" * 64, b"entry")
    assert cache_folder.read_entry("0" * 64) == b"entry"


def test_the_index_sees_a_file_that_is_new_gone_or_another(folder, index):
    file, other = folder / "actions" / "get-lamp.yaml", folder / "actions" / "read-lamp.yaml"
    assert index.read() == index.read() == ["Get Lamp"]
    other.write_text(ACTION.replace("getLamp", "readLamp").replace("Get", "Read"))
    assert index.read() == ["Get Lamp", "Read Lamp"]
    file.unlink()
    assert index.read() == ["Read Lamp"]
    other.write_text(other.read_text().replace("Read Lamp", "Real Lamp"))
    assert index.read() == ["Real Lamp"]
    assert index.parsed == ["get-lamp.yaml", "read-lamp.yaml", "read-lamp.yaml"]


def test_the_index_notes_no_file_that_was_changed_just_now(folder, index):
    changed = (folder / "actions" / "get-lamp.yaml").stat().st_ctime_ns
    for seconds, parsed in ((1.9, 1), (2.1, 2), (2.1, 2)):
        index.now = changed + int(seconds * 1e9)
        assert index.read() == ["Get Lamp"]
        assert len(index.parsed) == parsed
