"""`connector console` prints an address that opens it, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from support.servers import Counting

ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(tmp_path):
    """Start the command in a home of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
    started = []

    def start(*words, **more):
        environment = {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **more}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(
            subprocess.Popen([sys.executable, "-m", "connector", "console", *words], env=environment, **pipes)
        )
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def test_the_printed_address_opens_the_console_until_it_is_told_to_end(command):
    process = command("--sandbox", "--no-browser", "--port", "0")
    address = process.stdout.readline().strip()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as reply:
        assert reply.url.startswith(address.partition("?")[0])
        assert b"<h1>Start</h1>" in reply.read()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == ""
    assert "simulated Zoom" in err
    assert address.partition("=")[2] not in err


def test_it_ends_at_once_and_in_silence_while_a_page_listens_for_news(command):
    process = command("--sandbox", "--no-browser", "--port", "0", "--quiet")
    address = process.stdout.readline().strip()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as first:
        place = first.url
    with opener.open(f"{place}events/news", timeout=10) as news:
        assert news.readline().startswith(b"data: ")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_a_browser_is_given_an_address_of_its_own_that_opens_once(command, tmp_path):
    os.mkfifo(tmp_path / "told")
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path / "told"}\n')
    script.chmod(0o755)
    process = command("--sandbox", "--port", "0", "--quiet", BROWSER=str(script))
    printed = process.stdout.readline().strip()
    opened = (tmp_path / "told").read_text()
    assert opened.partition("?")[0] == printed.partition("?")[0]
    assert opened != printed
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    assert direct.open(opened, timeout=10).status == 200
    other = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.request.HTTPError) as refused:
        other.open(opened, timeout=10)
    refused.value.close()
    assert refused.value.code == 401


def test_a_port_that_is_taken_is_told(command):
    with Counting() as other:
        port = other.url.partition("://")[2].partition("/")[0].rpartition(":")[2]
        process = command("--sandbox", "--no-browser", "--port", port)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"127.0.0.1:{port}" in err


def test_a_store_has_no_place_in_a_sandbox(command):
    process = command("--sandbox", "--store", "memory:")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--sandbox and --store cannot be combined" in err
