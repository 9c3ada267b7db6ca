"""Fifty commands at once say what they say without a cache, whatever state the user's cache is in."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
import sys
import threading
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.pace import wait_until

from connector.definition.validation import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

pytestmark = [pytest.mark.kills, pytest.mark.skipif(os.name == "nt", reason="owners and modes are those of POSIX")]

ROOT = Path(__file__).parents[2]
COUNT = 50
NOBODY = 65_534
LAMP = """\
action: getLamp
label: LABEL
summary: LABEL by its id.
request: GET /lamps/{lampId}
inputs:
  lampId: {label: Lamp, help: LABEL it is., type: string, required: true, to: path.lampId}
"""
MANIFEST = "connector: lamps\nlabel: Lamps\nsummary: Light.\nbase_url: https://lamps.example\n"
LABELS = ("Get Lamp", "Ask for the Lamp")
COMMANDS = [
    ("list",),
    *(("list", "--connector", str(ROOT / "examples" / name)) for name in ("slack", "github", "notion")),
    ("show", "getUser"),
    ("run", "createMeeting", "--user-id", "me", "--topic", "Standup", "--dry-run"),
]
Answer = tuple[int, bytes, bytes]  # exit code, stdout, stderr


class Shell:
    """A user who runs commands, each with a cache in some folder."""

    def __init__(self, home: Path) -> None:
        self.lamps = home / "lamps"
        (self.lamps / "actions").mkdir(parents=True)
        (self.lamps / "manifest.yaml").write_text(MANIFEST)
        self._home = home
        self._no_cache = home / "no-folder"
        self._no_cache.write_text("")
        self._answers: dict[tuple[str, ...], Answer] = {}

    def start(self, words: Iterable[str], cache: Path, program: Iterable[str] = ("-m", "connector"), **rest):
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        environment = {**kept, "HOME": str(self._home), "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, *program, *words]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=environment, cwd=self._home, **pipes, **rest)

    def answer(self, words: tuple[str, ...], cache: Path | None = None, **rest) -> Answer:
        return end(self.start(words, cache or self._no_cache, **rest))

    def judge(self, cache: Path, count: int = COUNT, **rest) -> None:
        """Run so many commands at once, and compare each with what it says without a cache."""
        words = list(islice(cycle(COMMANDS), count))
        running = [self.start(one, cache, **rest) for one in words]
        told = [end(process) for process in running]
        for one in COMMANDS:
            if one not in self._answers:
                self._answers[one] = self.answer(one)
                assert self._answers[one][::2] == (0, b""), self._answers[one]
        assert [(one, answer) for one, answer in zip(words, told, strict=True) if answer != self._answers[one]] == []
        assert list_begun(cache) == []

    def write_lamp(self, label: str) -> None:
        """Save the action as an editor does: whole."""
        new = self.lamps / "new"
        new.write_text(LAMP.replace("LABEL", label))
        new.replace(self.lamps / "actions" / "get-lamp.yaml")


def end(process: subprocess.Popen[bytes]) -> Answer:
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def list_begun(cache: Path) -> list[Path]:
    return list(cache.glob("connector/*/*.new"))


def describe(cache: Path) -> dict[str, tuple[int, int]]:
    """Return each entry with its inode and time, of which every write makes others."""
    paths = [path for path in cache.glob("connector/*/*") if path.is_file()]
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def filled(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that has all that the commands need."""
    cache = tmp_path_factory.mktemp("filled")
    shell.judge(cache, len(COMMANDS))
    return cache


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_an_empty_cache_is_filled_by_all_at_once(shell, filled, cache):
    shell.judge(cache)
    kept = describe(cache)
    assert kept.keys() == describe(filled).keys()
    shell.judge(cache, len(COMMANDS))
    assert describe(cache) == kept, "what is kept is not made again"


def test_a_full_cache_is_halved_by_all_at_once_and_has_what_is_new(shell, filled, cache):
    folder = cache / "connector" / "definitions"
    folder.mkdir(parents=True, mode=0o700)
    for number in range(4200):
        old = folder / f"{number:064x}"
        old.symlink_to("nowhere") if number % 100 == 0 else old.mkdir() if number % 100 == 1 else old.write_bytes(
            b"old"
        )
        os.utime(old, (number, number), follow_symlinks=False)
    shell.judge(cache)
    assert 2000 < len(list(folder.iterdir())) < 2200
    kept = describe(cache)
    assert kept.keys() > describe(filled).keys()
    assert f"{4199:064x}" in kept, "the newest stay"
    shell.judge(cache, len(COMMANDS))
    assert describe(cache) == kept, "what is kept is not made again"


def replace(entry: Path, make: Callable[[Path], object]) -> None:
    entry.unlink()
    make(entry)


HARMS: list[Callable[[Path], object]] = [
    lambda entry: entry.write_bytes(entry.read_bytes()[:-1]),
    lambda entry: entry.write_bytes(bytes(entry.stat().st_size)),
    lambda entry: entry.write_bytes(random.Random(1).randbytes(entry.stat().st_size)),
    lambda entry: entry.write_bytes(b"0" * 64 + entry.read_bytes()[64:]),
    lambda entry: entry.write_bytes(next(one for one in entry.parent.iterdir() if one != entry).read_bytes()),
    lambda entry: entry.symlink_to(entry.rename(entry.with_suffix(".moved"))),
    lambda entry: entry.chmod(0o622),
    lambda entry: os.geteuid() or os.chown(entry, NOBODY, NOBODY),
    lambda entry: replace(entry, Path.mkdir),
    lambda entry: replace(entry, os.mkfifo),
]


def test_a_cache_whose_entries_are_all_damaged_is_none(shell, filled, cache):
    shutil.copytree(filled, cache)
    entries = sorted((cache / "connector" / "definitions").iterdir(), key=lambda entry: entry.stat().st_size)
    assert len(entries) >= len(HARMS)
    for entry, harm in zip(entries, cycle(HARMS), strict=False):
        harm(entry)
    shell.judge(cache)


def be_bound_by_modes() -> None:
    """Modes bind root too in a process without this right (linux/prctl.h: PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.parametrize("has_entries", [True, False])
def test_a_cache_that_can_only_be_read_is_read(shell, filled, cache, has_entries):
    shutil.copytree(filled, cache)
    folder = cache / "connector" / "definitions"
    gone = [] if has_entries else list(folder.iterdir())
    for entry in gone:
        entry.unlink()
    before = describe(cache)
    folder.chmod(0o500)
    try:
        shell.judge(cache, COUNT if has_entries else len(COMMANDS), preexec_fn=be_bound_by_modes)
    finally:
        folder.chmod(0o700)
    assert describe(cache) == before


def test_a_disk_that_becomes_full_keeps_what_there_is_room_for(shell, disk):
    (disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(disk).free - 24 * 1024))
    shell.judge(disk)
    assert shutil.disk_usage(disk).free < 16 * 1024, "it was never full"
    assert describe(disk), "nothing was kept"


def test_a_file_that_is_edited_meanwhile_is_told_as_it_was_before_or_after(shell, cache):
    lamps = ("--connector", str(shell.lamps))
    commands = [("list", *lamps), ("show", "getLamp", *lamps)]
    answers: dict[tuple[str, ...], list[Answer]] = {one: [] for one in commands}
    for label in LABELS:
        shell.write_lamp(label)
        for one in commands:
            answers[one].append(shell.answer(one))
    assert all(one != other for one, other in answers.values()), answers

    is_over = threading.Event()
    editor = threading.Thread(target=lambda: [shell.write_lamp(label) for label in cycle_until(is_over)])
    editor.start()
    try:
        words = list(islice(cycle(commands), COUNT))
        running = [shell.start(one, cache) for one in words]
        told = [(one, end(process)) for one, process in zip(words, running, strict=True)]
    finally:
        is_over.set()
        editor.join()
    assert [(one, answer) for one, answer in told if answer not in answers[one]] == []
    for place, label in enumerate(LABELS):
        shell.write_lamp(label)
        assert [shell.answer(one, cache) for one in commands] == [answers[one][place] for one in commands]


def cycle_until(is_over: threading.Event) -> Iterator[str]:
    for label in cycle(LABELS):
        yield label
        if is_over.wait(0.01):
            return


# Keeps the same entries again and again, each with another content that is told by its first byte.
WRITER = """
import itertools, sys
from connector.definition.validation.cache_folder import keep_entry
for number in itertools.count(int(sys.argv[1])):
    for place in range(10):
        keep_entry(f"{place:064x}", bytes([number % 256]) * 100_000)
"""


def test_writers_that_are_killed_leave_every_entry_whole(shell, own_cache):
    cache = own_cache.parent
    writers = [shell.start([str(number)], cache, ("-c", WRITER)) for number in range(COUNT)]
    folder = own_cache / "definitions"
    try:
        wait_until(lambda: len(list(folder.glob(f"{'0' * 60}*"))) >= 10)
        for writer in random.Random(COUNT).sample(writers, COUNT):
            writer.kill()
            entries = [cache_folder.read_entry(f"{place:064x}") for place in range(10)]
            assert [entry for entry in entries if entry != (entry or b"?")[:1] * 100_000] == []
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    begun = list_begun(cache)
    assert len(begun) <= COUNT
    for path in begun:
        path.unlink()
    shell.judge(cache, len(COMMANDS))


LINT = """
import sys
from connector.cli.authoring import kept_findings
from connector.cli.main import run
kept_findings.MIN_FILES = 2
sys.exit(run(["lint", *sys.argv[1:]]))
"""


def test_lint_of_some_at_once_finds_the_same_and_keeps_it_once(shell, cache):
    """Few at once, as each takes a second of a processor."""
    shell.write_lamp(LABELS[0])
    program, words = ("-c", LINT), (str(shell.lamps),)
    found = shell.answer(words, program=program)
    assert found[0] == 2
    running = [shell.start(words, cache, program) for _ in range(8)]
    assert {end(process) for process in running} == {found}
    assert list_begun(cache) == []
    kept = describe(cache)
    assert shell.answer(words, cache, program=program) == found
    assert describe(cache) == kept, "what was found is not looked for again"
    assert len(kept) == 1
