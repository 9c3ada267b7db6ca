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


@pytest.mark.parametrize("option", [("--retry", "maxRetries=x"), ("--retry", "nope=1"), ("--max-age", "soon")])
@pytest.mark.parametrize("place", ["action", "url", "calls", "steps"])
def test_a_dry_run_refuses_the_options_that_a_run_refuses(here, server, tmp_path, option, place):
    (tmp_path / "calls.yaml").write_text("action: getUser\ninputs: {userId: me}\n")
    (tmp_path / "steps.yaml").write_text("steps:\n  one: {action: getUser, inputs: {userId: me}}\n")
    what = {"action": ("run", "getUser", "--user-id", "me"), "url": ("download", f"{server.url}/file")}
    words = (*what.get(place, ("run", "-f", str(tmp_path / f"{place}.yaml"))), *option, "--base-url", server.url)
    run, dry = (here(*words, *dry, ZOOM_ACCESS_TOKEN="token-1") for dry in ((), ("--dry-run",)))
    assert (run.code, run.err) == (dry.code, dry.err)
    assert (dry.code, dry.out.startswith("GET"), server.count) == (2, False, 0)
    assert [path.name for path in tmp_path.glob("*.journal")] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--use-pmi", "yes", "--usePMI", "on"), "usePMI: got two values: --use-pmi and --usePMI; expected one."),
        (("--topic", "a", "-i", "topic=b"), "topic: got two values: --topic and -i topic; expected one."),
        (("--topic", "--", "--topic", "b"), "topic: got two values: --topic and its flag; expected one."),
        (("--topic=a", "--topic=b"), "topic: got two values: --topic and --topic; expected one."),
    ],
)
def test_two_values_are_told_with_their_flags_as_they_were_written(cli, words, told):
    done = cli(*BASE, *words, "--dry-run")
    assert (done.code, told in done.err) == (2, True), done.err
