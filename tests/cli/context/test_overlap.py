"""Of the commands with one `--no-overlap` name, one runs at a time; a second one says which runs, and does nothing."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime

import pytest

from connector.cli.context.overlap import guard_overlap


@pytest.fixture
def running(start):
    """A command that holds the name nightly until it is ended."""
    process = start(
        "records",
        "sync",
        "users",
        "--sandbox",
        "--every",
        "1h",
        "--no-overlap",
        "nightly",
        env={"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout.readline(), "it ended"  # of the first sync; buffered output comes with it
    return process


@pytest.mark.parametrize(
    "words",
    [
        ("run", "listUsers", "--sandbox"),
        ("run", "createMeeting", "-f", "rows.csv", "--sandbox"),
        ("records", "sync", "--sandbox"),
        ("bulk", "work", "--sandbox", "--on", "sqlite:///bulk.sqlite"),
        ("download", "https://zoom.us/rec/a", "-o", "a", "--sandbox"),
    ],
)
def test_a_second_start_says_who_runs_since_when_and_does_nothing(here, tmp_path, words):
    folder = tmp_path / "data" / "connector" / "jobs"
    with guard_overlap("nightly", folder):
        done = here(*words, "--no-overlap", "nightly")
    now = datetime.now(UTC)
    assert done.code == 4
    assert f"'nightly' is running already: process {os.getpid()} holds it since {now:%Y-%m-%dT%H}" in done.err
    assert "Nothing was done." in done.err


def test_as_json_the_second_start_is_an_error_that_can_be_tried_again(here, tmp_path):
    with guard_overlap("nightly", tmp_path / "data" / "connector" / "jobs"):
        done = here("run", "listUsers", "--sandbox", "--no-overlap", "nightly", "--output", "json")
    error = json.loads(done.out)["error"]
    assert (done.code, error["type"], error["retryable"], error["outcome"]) == (4, "AlreadyRunning", True, "not_sent")


def test_a_name_is_free_when_its_command_ends_or_is_killed(running, cli):
    words = ("records", "sync", "users", "--sandbox", "--no-overlap", "nightly")
    refused = cli(*words)
    assert refused.code == 4
    assert f"process {running.pid} holds it since" in refused.err
    running.send_signal(signal.SIGKILL)
    running.wait(30)
    assert cli(*words).code == 0
    assert cli(*words).code == 0


def test_another_name_is_another_job(here, tmp_path):
    with guard_overlap("nightly", tmp_path / "data" / "connector" / "jobs"):
        assert here("run", "listUsers", "--sandbox", "--no-overlap", "hourly").code == 0


def test_a_job_needs_a_name(here):
    done = here("run", "listUsers", "--sandbox", "--no-overlap", " ")
    assert done.code == 2
    assert "the name is empty" in done.err
