"""A second click on the same call leads to what came of the first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.console import outcome
from connector.console.outcome import Outcome, Outcomes
from connector.errors import InputError


def test_a_click_while_the_same_call_is_at_work_makes_no_other():
    outcomes, begun, go_on = Outcomes(), threading.Event(), threading.Event()
    made = []

    def make():
        begun.set()
        assert go_on.wait(10)
        made.append(Outcome("createMeeting", {}, {}, ""))
        return made[-1]

    with ThreadPoolExecutor(2) as clicks:
        first = clicks.submit(outcomes.make_once, "call", make)
        assert begun.wait(10)
        second = clicks.submit(outcomes.make_once, "call", make)
        go_on.set()
        assert first.result(10)[0] == second.result(10)[0]
        assert (first.result()[1], second.result()[1]) == (False, True)
    assert len(made) == 1
    assert outcomes.find(first.result()[0]) is made[0]


def test_another_call_and_one_that_is_meant_again_are_made(monkeypatch):
    outcomes = Outcomes()

    def click(call):
        return outcomes.make_once(call, lambda: Outcome("createMeeting", {}, {}, ""))[1]

    assert [click("one"), click("other"), click("one")] == [False, False, True]
    monkeypatch.setattr(outcome, "_SECOND_CLICK", 0.0)
    assert [click("third"), click("third")] == [False, False]


def test_a_call_that_could_not_be_made_is_told_to_each_click():
    outcomes = Outcomes()

    def fail():
        raise InputError("No.")

    for _ in range(2):
        with pytest.raises(InputError):
            outcomes.make_once("call", fail)
