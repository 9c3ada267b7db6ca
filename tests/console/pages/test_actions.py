"""Actions are found by their words and listed by groups; thousands too."""

from __future__ import annotations


def test_words_find_an_action(visitor):
    seen = visitor.get("/actions", q="create meet")
    assert "Create Meeting" in seen.text
    assert "List Users" not in seen.text


def test_actions_stand_in_groups(visitor):
    seen = visitor.get("/actions")
    assert "<h2>meeting" in seen.html
    assert 'href="/actions/createMeeting"' in seen.html
