"""Forms are parsed back to the values that a client encoded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.request.body import flatten_form
from connector.definition.action import Action
from connector.sandbox.http.body_parser import unflatten

NAMES = st.text(st.characters(categories=("L",)), min_size=1, max_size=6)
TEXTS = st.text(max_size=8)
TREES = st.recursive(
    TEXTS,
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.lists(TEXTS, min_size=2, max_size=3),
    max_leaves=8,
)


def form(**words: Any) -> Action:
    """An action whose body is a form."""
    given_ = {"action": "a", "label": "A", "summary": "S.", "request": "POST /a", "body": "form", **words}
    return Action.model_validate(given_)


@pytest.mark.parametrize(
    ("action", "brackets"),
    [(form(), False), (form(form_nesting="brackets"), True), (form(form_nesting="brackets", lists="brackets"), True)],
)
@given(tree=st.dictionaries(NAMES, TREES, max_size=3))
def test_a_form_is_read_as_it_was_written(action: Action, brackets: bool, tree: dict[str, Any]) -> None:
    assert unflatten(flatten_form(tree, action), use_brackets=brackets) == tree


@given(pairs=st.lists(st.tuples(st.text("ab[]. 0", max_size=12), TEXTS), max_size=8), brackets=st.booleans())
def test_odd_names_lose_no_first_value_and_never_fail(pairs: list[tuple[str, str]], brackets: bool) -> None:
    tree = unflatten(pairs, use_brackets=brackets)
    assert bool(tree) == bool(pairs)
    json.dumps(tree)


def test_names_nested_without_end_stay_flat() -> None:
    name = "a" + "[b]" * 5_000
    assert unflatten([(name, "x")], use_brackets=True) == {name: "x"}
    assert unflatten([(name.replace("[b]", ".b"), "x")], use_brackets=False) == {name.replace("[b]", ".b"): "x"}
