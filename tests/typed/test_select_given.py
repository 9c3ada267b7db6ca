"""What a typed method was given, and nothing else, is what is sent."""

from __future__ import annotations

import pickle

from connector.typed import UNSET, select_given


def test_only_what_was_given_is_selected_and_null_was_given():
    names = {"self": 1, "options": {}, "topic": "T", "agenda": None, "duration": UNSET}
    assert select_given(names) == {"topic": "T", "agenda": None}


def test_a_word_that_python_keeps_is_an_input_all_the_same():
    assert select_given({"from_": "2030-01-01", "options_": 1, "self_": 2, "plain_": 3}) == {
        "from": "2030-01-01",
        "options": 1,
        "self": 2,
        "plain_": 3,
    }


def test_what_is_not_given_stays_that_in_another_process():
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET
    assert repr(UNSET) == "UNSET"
