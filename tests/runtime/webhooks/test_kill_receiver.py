"""kill -9 of a receiver at any moment under load: every event that was answered 200 reaches the handler."""

from __future__ import annotations

import sys

import pytest
from support.processes import deliveries
from support.receivers import new_inbox_url

pytestmark = pytest.mark.kills


def describe(kind, found):
    return (
        f"{kind}: {found.kills} kills, {found.answered} answered 200, {found.lost} lost, {found.again} handled more than once, "
        f"{found.cut} requests cut, {found.handled_unanswered} handled without an answer\n"
    )


def check(found, kills):
    assert found.kills == kills
    assert found.lost == 0
    assert found.forged == 0
    assert found.answered > kills, "the kills came before anything was answered"
    assert found.cut > 0, "no kill came while a request was under way"


@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 15), ("postgres", 5)])
def test_kills_under_load_lose_no_event_that_was_answered(kind, kills, tmp_path):
    check(deliveries.storm(new_inbox_url(kind, tmp_path), tmp_path / "handled", kills, seed=kills), kills)


@pytest.mark.long
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 300), ("postgres", 50)])
def test_a_great_many_kills_under_load_lose_no_event_that_was_answered(kind, kills, ordered, tmp_path, capsys):
    found = deliveries.storm(new_inbox_url(kind, tmp_path), tmp_path / "handled", kills, seed=kills, ordered=ordered)
    with capsys.disabled():
        sys.stdout.write(f"\n{describe(kind, found)}")
    check(found, kills)
