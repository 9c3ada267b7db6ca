"""A shell completes commands, actions, flags and choices."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from connector.cli.context.config_file import OUTPUT_FORMATS


@pytest.fixture
def complete(here):
    """Return the completions of these arguments; the last one is incomplete."""

    def offered(*words: str) -> list[str]:
        line = " ".join(["connector", *words])
        done = here(COMP_WORDS=line, COMP_CWORD=str(len(words)), _CONNECTOR_COMPLETE="bash_complete")
        assert done.err == ""
        return [row.partition(",")[2] for row in done.out.splitlines() if row]

    return offered


def test_commands(complete):
    assert complete("l") == ["list", "lint"]
    assert "--connector" in complete("--")


def test_actions(complete):
    assert complete("run", "createM") == ["createMeeting"]
    assert len(complete("run", "")) == 22
    assert complete("show", "webhook") == ["webhookReceiver"]


def test_flags_of_the_action(complete):
    assert complete("run", "createMeeting", "--top") == ["--topic"]
    assert "--sandbox" in complete("run", "createMeeting", "--sand")
    assert complete("run", "rawRequest", "--input-") == ["--input-timeout"]
    assert "--password" not in complete("run", "createUser", "--pass")


def test_a_flag_that_was_given_is_still_offered_for_a_list(complete):
    assert "--weekly-day" in complete("run", "createMeeting", "--weekly-day", "2", "--weekly-day")


def test_choices(complete):
    assert complete("run", "listUsers", "--status", "") == ["active", "inactive", "pending"]
    assert complete("run", "listUsers", "--status", "in") == ["inactive"]
    assert complete("run", "createMeeting", "--host-video", "t") == ["true"]
    assert "Europe/Lisbon" in complete("run", "createMeeting", "--timezone", "Europe/L")
    assert complete("run", "listUsers", "--output", "") == list(OUTPUT_FORMATS)
    assert complete("run", "listUsers", "--output", "c") == ["csv"]
    assert "accessToken" in complete("run", "listUsers", "--connection", "a")


def test_another_connectors_actions(complete, folder, tmp_path):
    action = "action: dimLamp\nlabel: Dim\nsummary: Dim a lamp.\nrequest: GET /lamps\n"
    folder("", {"dim-lamp": action})
    assert complete("--connector", str(tmp_path), "run", "") == ["dimLamp"]


def test_a_broken_folder_offers_nothing_and_says_nothing(complete):
    assert complete("--connector", "/nowhere", "run", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_sound(here, shell):
    done = here("completion", shell)
    assert done.code == 0
    assert "_CONNECTOR_COMPLETE" in done.out
    program = shutil.which(shell)
    if program is not None:
        checked = subprocess.run([program, "-n"], input=done.out.encode(), capture_output=True, check=False, timeout=20)
        assert (checked.returncode, checked.stderr) == (0, b"")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script(surroundings, tmp_path):
    import sys

    command = tmp_path / "bin" / "connector"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m connector "$@"\n')
    command.chmod(0o755)
    script = (
        'eval "$(connector completion bash)"\nCOMP_WORDS=(connector run createMeeting --top)\nCOMP_CWORD=3\n'
        '_connector_completion connector\necho "${COMPREPLY[@]}"\n'
    )
    env = {**surroundings, "PATH": f"{command.parent}:{surroundings['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, check=False, timeout=60)
    assert done.stdout == b"--topic\n", done.stderr
