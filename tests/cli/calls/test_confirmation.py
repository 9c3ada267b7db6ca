"""What destroys something is asked about on a terminal, and needs --yes in a script."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import click
import pytest
from support import servers

from connector.cli.output import stdio

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
DELETES = [
    ("run", "deleteUser", "--user-id", "u1"),
    ("request", "DELETE", "/users/u1"),
    ("run", "rawRequest", "-i", "method=delete", "-i", "url=/users/u1"),
]


@pytest.mark.parametrize("words", DELETES)
def test_a_script_needs_yes_and_nothing_is_sent_without(cli, server, words):
    refused = cli(*words, "--base-url", server.url, env=TOKEN)
    assert refused.code == 2
    assert "DELETE /users/u1. Nothing was sent." in refused.err
    assert "--yes" in refused.err
    assert server.count == 0
    server.always(servers.reply(204))
    assert cli(*words, "--yes", "--base-url", server.url, env=TOKEN).code == 0
    assert server.count == 1


def test_wrong_inputs_are_told_before_a_question(cli, server):
    done = cli(
        "run", "deleteUser", "--user-id", "u1", "--transfer-email", "nobody", "--base-url", server.url, env=TOKEN
    )
    assert done.code == 2
    assert "transferEmail" in done.err
    assert "destroy" not in done.err


def test_all_calls_of_a_file_are_asked_about_at_once(cli, server, tmp_path):
    call = "action: deleteUser\ninputs: {userId: u%d}\n"
    (tmp_path / "calls.yaml").write_text("---\n".join(call % number for number in range(12)))
    done = cli("run", "-f", "calls.yaml", "--base-url", server.url, env=TOKEN)
    assert done.code == 2
    assert "DELETE /users/u9, and 2 more" in done.err
    assert server.count == 0


def test_rows_are_asked_about_by_their_number(cli, server, tmp_path):
    (tmp_path / "rows.csv").write_text("userId\nu1\nu2\n")
    words = ("run", "deleteUser", "-f", "rows.csv", "--base-url", server.url)
    refused = cli(*words, env=TOKEN)
    assert refused.code == 2
    assert "DELETE /users/{userId} for 2 rows" in refused.err
    assert server.count == 0
    server.always(servers.reply(204))
    assert cli(*words, "--yes", env=TOKEN).code == 0
    assert server.count == 2


def test_the_sandbox_and_a_dry_run_ask_nothing(cli):
    made = cli("run", "createMeeting", "--user-id", "me", "--sandbox").data["data"]["id"]
    assert cli("request", "DELETE", f"/meetings/{made}", "--sandbox").code == 0
    assert cli("run", "deleteUser", "--user-id", "u1", "--dry-run").code == 0


@pytest.mark.parametrize("can_ask", [True, False])
def test_the_sandbox_asks_neither_a_person_nor_for_yes(here, monkeypatch, tmp_path, can_ask):
    monkeypatch.setattr(stdio, "can_prompt", lambda: can_ask)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: pytest.fail("it asked"))
    user = here("run", "listUsers", "--sandbox", "--query", "[0].id || users[0].id", "-r").out.strip()
    (tmp_path / "rows.csv").write_text(f"userId\n{user}\n")
    assert here("run", "deleteUser", "--user-id", user, "--sandbox").code == 0
    assert "not exist" in here("run", "deleteUser", "-f", "rows.csv", "--sandbox", "--keep-going").err


@pytest.mark.parametrize(("answer", "code", "sent"), [(b"y\n", 0, 1), (b"n\n", 2, 0), (b"\n", 2, 0)])
def test_on_a_terminal_the_answer_decides(surroundings, server, tmp_path, answer, code, sent):
    server.always(servers.reply(204))
    ours, theirs = pty.openpty()
    words = ["run", "deleteUser", "--user-id", "u1", "--base-url", server.url]
    process = subprocess.Popen(
        [sys.executable, "-m", "connector", *words], env={**surroundings, **TOKEN}, cwd=tmp_path, stdin=theirs,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.write(ours, answer)
    _, err = process.communicate(timeout=60)
    assert b"Send it? [y/N]" in err
    assert (process.returncode, server.count) == (code, sent)
    os.close(ours)
    os.close(theirs)


def test_help_and_show_say_that_it_asks(cli):
    assert "asks before it sends" in cli("run", "deleteUser", "--help").out
    assert "asks before it sends" in cli("show", "deleteUser").out
    assert "asks before it sends" not in cli("show", "createUser").out
