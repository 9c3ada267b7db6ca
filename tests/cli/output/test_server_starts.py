"""A server that is told to end while it starts ends as one that serves: with 0, and in silence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connector.cli.registry import is_server

SIGNALLED = """
import os, signal, sys

number, event, name = int(sys.argv[1]), *sys.argv[2:4]
seen = []

def end_once(what, facts):
    if not seen and what == event and name in ("", facts[0]):
        seen.append(what)
        os.kill(os.getpid(), number)

from connector.cli.main import run
sys.argv = ["connector", *sys.argv[4:]]
sys.addaudithook(end_once)
sys.exit(run())
"""
SERVE = ("webhook", "serve", "--sandbox", "--port", "0")
SANDBOX = ("sandbox",)
CONSOLE = ("console", "--sandbox", "--no-browser", "--port", "0")
MCP = ("mcp", "--sandbox", "--http", "127.0.0.1:0")
APP, LISTENING = ("import", "connector.cli.app"), ("socket.bind", "")


def run_signalled(surroundings, point, words, number=15):
    command = [sys.executable, "-c", SIGNALLED, str(number), *point, *words]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("words", "point"),
    [
        (SERVE, APP),
        (SERVE, ("import", "uvicorn")),
        (SERVE, LISTENING),
        (SANDBOX, APP),
        (SANDBOX, ("import", "connector.sandbox.http_server")),
        (SANDBOX, LISTENING),
        (CONSOLE, APP),
        (CONSOLE, ("import", "uvicorn")),
        (CONSOLE, LISTENING),
        (MCP, APP),
        (MCP, LISTENING),
        (("--connector", "zoom", *SERVE), APP),
    ],
)
def test_sigterm_during_the_start_of_a_server_ends_with_0(surroundings, words, point):
    done = run_signalled(surroundings, point, words)
    assert done.returncode == 0, done.stderr
    assert "Interrupted" not in done.stderr
    assert "Traceback" not in done.stderr


def test_so_does_ctrl_c(surroundings):
    assert run_signalled(surroundings, APP, SERVE, 2).returncode == 0


@pytest.mark.parametrize("words", [("list",), ("sandbox", "reset"), ("webhook", "events", "--sandbox")])
def test_any_other_command_is_interrupted(surroundings, words):
    done = run_signalled(surroundings, APP, words)
    assert (done.returncode, done.stderr.strip()) == (143, "Interrupted.")


@pytest.mark.parametrize("words", [[], ["run", "mcp"], ["--connector", "mcp", "list"], ["webhook"], ["--help"]])
def test_what_only_names_a_server_is_none(words):
    assert not is_server(words)
