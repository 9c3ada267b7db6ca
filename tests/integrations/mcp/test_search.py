"""A question finds the action that it is about among the first five."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sandboxes import large_connector

from connector import Connector
from connector.integrations.mcp.action_index import ActionIndex
from connector.integrations.mcp.search import ActionSearch
from connector.integrations.mcp.words import compare, find_intents, list_terms

FIRST = 5
BUNDLED = ActionIndex(Connector.open())


def read_questions(name: str) -> dict[str, list[str]]:
    """Return the questions of a file, each with what answers it."""
    lines = (Path(__file__).parent / "questions" / f"{name}.txt").read_text("utf-8").splitlines()
    pairs = [line.split(" -> ") for line in lines if not line.startswith("#")]
    return {question: answers.split("; ") for question, answers in pairs}


def find(index: ActionIndex, questions: dict[str, list[str]]) -> list[str]:
    """Return the questions whose answer is among the first."""
    entries = index.entries
    search = ActionSearch(index.connector, entries.values())
    found = []
    for question, answers in questions.items():
        first = [entries[name] for name in search.find(question, FIRST)]
        if {text for entry in first for text in (entry.action, entry.request)} & set(answers):
            found.append(question)
    return found


def test_questions_about_the_bundled_connector_find_their_action():
    questions = read_questions("bundled")
    assert len(questions) >= 50
    assert {answer for answers in questions.values() for answer in answers} == {
        entry.action for entry in BUNDLED.entries.values()
    }
    missed = set(questions) - set(find(BUNDLED, questions))
    assert len(missed) <= len(questions) // 20, missed


@pytest.mark.skipif(not large_connector.PACKED.exists(), reason="the packed descriptions of a vendor are not here")
def test_questions_about_many_actions_find_theirs(tmp_path):
    index = ActionIndex(Connector.open(large_connector.write_folder(tmp_path / "many")))
    questions = read_questions("large")
    requests = {entry.request for entry in index.entries.values()}
    assert len(questions) >= 100
    assert all(set(answers) <= requests for answers in questions.values())
    missed = set(questions) - set(find(index, questions))
    assert len(missed) <= len(questions) // 10, missed


@pytest.mark.parametrize(
    "question",
    ["", "   ", "the of and", "?!", "xyzzy", "日本語", "a" * 100_000, "meeting " * 10_000, "\x00", "users\n\nmeetings"],
)
def test_any_text_may_be_asked(question):
    search = ActionSearch(BUNDLED.connector, BUNDLED.entries.values())
    assert set(search.find(question)) <= set(BUNDLED.entries)


def test_nothing_is_found_in_nothing():
    assert ActionSearch(BUNDLED.connector, []).find("schedule a meeting") == []


def test_forms_of_a_word_are_one():
    assert len({*list_terms("delete deleted deleting deletes")}) == 1
    assert list_terms("listUsers' the meetings") == list_terms("list user meeting")
    assert compare("registrant", "registr") > 0.4
    assert compare("meet", "mail") == 0


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("please cancel it", "delete"),
        ("who is in the room", "read"),
        ("I want to rename it", "update"),
        ("set up a call", "create"),
        ("users", "read"),
    ],
)
def test_a_question_says_what_is_to_be_done(question, intent):
    assert intent in find_intents(question)
