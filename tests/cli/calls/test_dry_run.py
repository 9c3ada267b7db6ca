"""A dry run says what a run would say, and an unknown flag where its value belongs."""

from __future__ import annotations

import pytest

BASE = ("run", "createMeeting", "--user-id", "me")


def test_a_dry_run_warns_of_what_is_probably_a_mistake(cli):
    done = cli(*BASE, "--dry-run", "-i", 'settingsExtraFields:={"wating_room": true}', "--timezone", "Asia/Manila")
    assert done.code == 0
    assert "Warning: settingsExtraFields: wating_room" in done.err
    assert "Did you mean waiting_room?" in done.err
    assert "Warning: timezone: Asia/Manila is not among the time zones" in done.err
    assert cli(*BASE, "--dry-run", "--quiet", "--timezone", "Asia/Manila").err == ""


@pytest.mark.parametrize("flag", ["--focus-mode", "--focus_mode", "--focusMode=true"])
def test_a_flag_for_a_name_inside_an_input_is_told_with_the_input(cli, flag):
    done = cli(*BASE, flag, "--dry-run")
    assert done.code == 2
    assert """Give it in settingsExtraFields: -i settingsExtraFields:='{"focus_mode": "..."}'""" in done.err


def test_any_other_unknown_flag_is_told_with_the_nearest(cli):
    done = cli(*BASE, "--topik", "x", "--dry-run")
    assert done.code == 2
    assert "Unknown option --topik. Did you mean --topic?" in done.err
