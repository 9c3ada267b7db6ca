"""Runs what a page shows, in a home of its own and on a terminal, and holds what is printed against it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import sysconfig
import termios
from itertools import pairwise
from pathlib import Path

import connector
from support.pages.markdown_blocks import ROOT, Block, agrees
from support.servers import free_port

MARK = "\x1e"
SERVER = "server"  # the note of a console block whose one command serves until the page ends
PORTS = ("8765", "7233", "9090")  # in the pages; free ones when they are run
INSTALLED = ("temporal",)  # programs of packages that pages call
LONGEST = 120  # seconds


class PageRunner:
    """One page's folder and environment; its blocks run in order. `settings` are variables for its Python alone."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        (self.folder / "examples").symlink_to(ROOT / "examples")
        shutil.copytree(ROOT / "deploy", self.folder / "deploy")  # a page writes into it
        self._servers: list[subprocess.Popen[str]] = []
        self._environment = _environment(folder)
        self._settings = settings
        self._ports = {port: str(free_port()) for port in PORTS}

    def run(self, blocks: list[Block]) -> None:
        """Run the blocks of a page: files are written, commands run, Python run as one program."""
        for block in blocks:
            if block.title:
                path = self.folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._replace_ports(block.text), encoding="utf-8")
            elif block.kind == "console" and block.note == SERVER:
                self._serve(block)
            elif block.kind == "console":
                self._commands(block)
        self._python(blocks)

    def close(self) -> None:
        """End the servers that the page started."""
        for server in self._servers:
            server.terminate()
            server.communicate(timeout=LONGEST)

    def held(self, block: Block, command: str, shown: list[str], printed: str) -> None:
        """Fail when a command printed something else than the page shows."""
        expected = "\n".join(shown)
        where = f"{block.page.name}:{block.line}: $ {command}"
        printed = self.restore_ports(printed)
        assert agrees(shown, printed), f"{where}\n--- the page shows\n{expected}\n--- it printed\n{printed}"

    def restore_ports(self, text: str) -> str:
        """Return what was printed with the ports of the page."""
        for port, free in self._ports.items():
            text = text.replace(free, port)
        return text

    def _replace_ports(self, text: str) -> str:
        for port, free in self._ports.items():
            text = text.replace(port, free)
        return text

    def _commands(self, block: Block) -> None:
        script = "".join(f"{command}\nprintf '{MARK}%s{MARK}' $?\n" for command, _ in block.commands())
        parts = self._printed(["bash", "-c", self._replace_ports(script)]).split(MARK)
        for (command, shown), printed, status in zip(block.commands(), parts[::2], parts[1::2], strict=False):
            self.held(block, command, shown, printed)
            assert status == "0", f"{block.page.name}:{block.line}: $ {command}\nended with {status}"
        assert len(parts) == 2 * len(block.commands()) + 1, f"{block.page.name}:{block.line}: ended early\n{parts[-1]}"

    def _serve(self, block: Block) -> None:
        ((command, shown),) = block.commands()
        server = subprocess.Popen(
            ["bash", "-c", f"exec {self._replace_ports(command)}"], cwd=self.folder, env=self._environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._servers.append(server)
        assert server.stdout is not None
        printed = ""
        while printed.count("\n") < len(shown):
            line = server.stdout.readline()
            assert line, f"{block.page.name}:{block.line}: $ {command}\nended; it printed\n{printed}"
            printed += line
        self.held(block, command, shown, printed)

    def _python(self, blocks: list[Block]) -> None:
        programs = [block for block in blocks if block.kind == "python" and not block.title]
        if not programs:
            return
        shown = {id(one): list(two.lines) for one, two in pairwise(blocks) if two.kind == "text"}
        path = self.folder / "page.py"
        path.write_text("".join(f"{block.text}\nprint({MARK!r}, flush=True)\n" for block in programs), encoding="utf-8")
        parts = self._printed([sys.executable, str(path)], **self._settings).split(f"{MARK}\n")
        for block, printed in zip(programs, parts, strict=False):
            self.held(block, "python", shown.get(id(block), []), printed)
        assert len(parts) == len(programs) + 1, f"{programs[0].page.name}: the page's Python ended early"

    def _printed(self, command: list[str], **settings: str) -> str:
        """Run a command on a terminal of its own and return what it printed there."""
        ours, theirs = pty.openpty()
        modes = termios.tcgetattr(theirs)
        modes[1] &= ~termios.OPOST  # line ends stay as they are
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        ran = subprocess.Popen(
            command, cwd=self.folder, env={**self._environment, **settings},
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        try:
            printed = _read(ours)
        finally:
            ran.kill()
            ran.wait(LONGEST)
            os.close(ours)
        return printed.decode()


def _read(terminal: int) -> bytes:
    """Read until the last program has left the terminal."""
    printed = b""
    while select.select([terminal], [], [], LONGEST)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that it is the end
            return printed
        if not part:
            return printed
        printed += part
    raise AssertionError(f"nothing came for {LONGEST} s after\n{printed.decode()}")


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a fresh user: an empty home, our command on the path, no setting of the machine's."""
    for name in ("home", "bin"):
        (folder / name).mkdir()
    package = Path(connector.__file__).parent.parent
    for name, words in (("connector", f"{sys.executable} -m connector"), ("python", sys.executable)):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        script.chmod(0o755)
    for name in INSTALLED:
        if (program := Path(sysconfig.get_path("scripts"), name)).exists():
            (folder / "bin" / name).symlink_to(program)
    return {
        "HOME": str(folder / "home"),
        "PATH": os.pathsep.join((str(folder / "bin"), "/usr/local/bin", "/usr/bin", "/bin")),
        "PYTHONPATH": str(package),
        "PYTEST_PLUGINS": "connector.testing.plugin",  # as an installed package brings it
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "TERM": "dumb",
    }
