"""The units of systemd and the lines of cron are valid, and what they run are commands that exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from connector.cli.groups import root as commands

DEPLOY = Path(__file__).parents[3] / "deploy"
PROGRAM = "/opt/connector/bin/connector"


def parse_command(words):
    """Parse a command line with the program's own parser; fail where it does not take it."""
    assert words[0] == PROGRAM
    words = [word.replace("%i", "1") for word in words[1:]]
    command, context = commands, click.Context(commands, info_name="connector")
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
        assert command is not None
        context = click.Context(command, parent=context, info_name=command.name)
    parser = command.make_parser(context)
    parser.parse_args(args=[word for word in words if word != "--no-overlap"])
    return command


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path):
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text("utf-8").replace(PROGRAM, "/bin/true")
        (tmp_path / unit.name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(tmp_path / "connector-receiver@1.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (exposure,) = re.findall(r"Overall exposure level for \S+ ([0-9.]+)", done.stdout)
    assert float(exposure) < 2  # of 10


def test_what_units_run_are_commands_of_the_program():
    lines = [
        line.removeprefix("ExecStart=")
        for unit in (DEPLOY / "systemd").glob("*.service")
        for line in unit.read_text("utf-8").splitlines()
        if line.startswith("ExecStart=")
    ]
    assert [parse_command(shlex.split(line)).name for line in sorted(lines)] == ["sync", "serve"]


def test_what_cron_runs_are_commands_of_the_program_that_never_overlap():
    lines = [line for line in (DEPLOY / "cron" / "connector").read_text("utf-8").splitlines() if PROGRAM in line]
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line.partition(PROGRAM)[2].partition(">>")[0])
        assert parse_command([PROGRAM, *words]).name in ("sync", "run")
        assert "--no-overlap" in words
