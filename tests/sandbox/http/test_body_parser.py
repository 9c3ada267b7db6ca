"""Whatever comes in, an answer goes out; and what a client writes as pairs is read back as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.request.body import flatten_form
from connector.definition.action import Action
from connector.sandbox.data import ids
from connector.sandbox.data.collection import deep_merge
from connector.sandbox.http.body_parser import unflatten
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from connector import Connector

NAMES = st.text(st.characters(categories=("L",)), min_size=1, max_size=6)
TEXTS = st.text(max_size=8)
TREES = st.recursive(
    TEXTS,
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.lists(TEXTS, min_size=2, max_size=3),
    max_leaves=8,
)


def form(**words: Any) -> Action:
    """An action whose body is a form."""
    given_ = {"action": "a", "label": "A", "summary": "S.", "request": "POST /a", "sends": "form", **words}
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


METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "FETCH"])
SEGMENTS = st.sampled_from(
    ["users", "me", "meetings", "registrants", "accounts", "1", "%2e%2e", "%zz", "ü", "a b", "", "."]
)
TARGETS = st.lists(SEGMENTS, max_size=5).map(lambda parts: "/v2/" + "/".join(parts)) | st.text(max_size=20)
QUERIES = st.text("page_size=1&next_page_token=%[]é;", max_size=30)
MEDIA = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"]
)
BODIES = st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["topic", "settings", "type", "recurrence", "user_info", "id"]), inner, max_size=3
        )
    ),
    max_leaves=10,
).map(lambda data: json.dumps(data).encode())


@given(method=METHODS, target=TARGETS, query=QUERIES, media=MEDIA, body=BODIES)
def test_any_request_gets_an_answer(
    zoom: Connector, shop: Connector, method: str, target: str, query: str, media: str, body: bytes
) -> None:
    for connector, key in ((zoom, ("Authorization", "Bearer t")), (shop, ("X-Shop-Key", "k"))):
        box = Sandbox(connector)
        path = target.replace("/v2/", f"{box.service.base_path}/", 1)
        answer = box.service.handle(method, f"{path}?{query}", [key, ("Content-Type", media)], body)
        assert 200 <= answer.status < 500
        if answer.body:
            json.loads(answer.body)


DATA = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), DATA, max_size=3)


@given(under=OBJECTS, over=OBJECTS)
def test_what_is_laid_over_is_all_there(under: dict[str, Any], over: dict[str, Any]) -> None:
    before = json.dumps(under)
    result = deep_merge(under, over)
    assert deep_merge(result, over) == result
    assert result.keys() == under.keys() | over.keys()
    assert json.dumps(under) == before


@pytest.mark.parametrize("kind", ["text", "integer", "uuid"])
def test_new_ids_are_all_different_and_the_same_each_time(kind: str) -> None:
    made = [ids.generate_id(kind, "things", count) for count in range(1, 5_000)]
    assert len(set(made)) == len(made)
    assert made == [ids.generate_id(kind, "things", count) for count in range(1, 5_000)]
    for one in made:
        assert len(str(one)) == {"text": 22, "integer": 11, "uuid": 36}[kind]
        assert str(one).replace("-", "").isalnum()
