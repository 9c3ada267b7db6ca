"""The fast path accepts a subset of what the full check accepts, with equal values, and all plain calls."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector import Connector, errors
from connector.core.inputs import validate
from connector.definition.fields import Input

ZOOM = Connector.open()
ACTIONS = sorted(ZOOM.action_files)


def compile_both(name):
    """Compile the fast path of an action, its validator, and its validator without the fast path."""
    action = ZOOM.action(name)
    kept = validate.compile_fast_path
    made = []
    try:
        validate.compile_fast_path = lambda *given: made.append(kept(*given)) or (lambda _: None)
        careful = validate.compile_validator(action, ZOOM.choices)
    finally:
        validate.compile_fast_path = kept
    whole = validate.compile_validator(action, ZOOM.choices)
    return made[0], whole, careful


BOTH = {name: compile_both(name) for name in ACTIONS}


def outcome_of(check, values):
    try:
        return check(values)
    except errors.InputError as error:
        return [str(problem) for problem in error.problems]


class Level(IntEnum):
    ONE = 1


ODD = st.sampled_from(
    ["", " ", ".", "..", "a", "me", "0", "1", "60", "-1", "1.5", "true", "False", "a\0b", "\ud800", "é", "\uff11\uff12", " 5 ",
     "2030-01-31T09:00:00Z", "Europe/Paris", "a@b.c", "1,3", "[1]", "{}", "x" * 250, "8451 2345", "https://x.y/z/123456",
     0, 1, 2, 3, 8, 60, -1, 10**6, 10**30, True, False, None, 1.0, 1.5, float("nan"), Level.ONE, b"x", [], [1], ["1"], {},
     {"a": 1}, {"alternative_hosts": "x", "host_video": True}, [{"field": "a", "value": "b"}]]
)  # fmt: skip


@st.composite
def calls(draw):
    name = draw(st.sampled_from(ACTIONS))
    specs = ZOOM.action(name).inputs
    good = {key: st.sampled_from([*spec.typed_choices] or [spec.example]) for key, spec in specs.items()}
    keys = draw(st.lists(st.sampled_from(sorted(specs)), unique=True)) if specs else []
    keys = [*dict.fromkeys([*keys, *(key for key, spec in specs.items() if spec.required)])]
    return name, {key: draw(st.one_of(good[key], good[key], good[key], ODD)) for key in keys}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls())
def test_what_is_accepted_at_once_is_what_the_careful_way_accepts(call):
    name, values = call
    accept, whole, careful = BOTH[name]
    found = outcome_of(careful, values)
    assert outcome_of(whole, values) == found
    taken = accept(values)
    if taken is not None and isinstance(found, dict):
        assert {key: found[key] for key in taken} == taken
        assert [type(found[key]) for key in taken] == [type(value) for value in taken.values()]


@pytest.mark.parametrize("name", [name for name in ACTIONS if not ZOOM.action(name).is_raw])
def test_what_is_given_in_its_own_type_is_accepted_at_once(name):
    accept, _, careful = BOTH[name]
    for example in ZOOM.action(name).examples.values():
        assert accept(careful(example.inputs)) is not None


@pytest.mark.parametrize(
    "unusual", [{"userId": "me", "no_such": 1}, {"user_id": "me"}, MappingProxyType({"userId": "me"}), {}]
)
def test_what_is_spelled_otherwise_goes_the_careful_way(unusual):
    accept, whole, careful = BOTH["getUser"]
    assert accept(unusual) is None
    assert outcome_of(whole, unusual) == outcome_of(careful, unusual)


def test_a_field_whose_file_of_choices_has_none_accepts_what_the_careful_way_accepts():
    words = {"label": "Zone", "help": "Where.", "type": "string", "choices_file": "zones", "to": "query.zone"}
    action = ZOOM.action("listMeetings").model_copy(update={"inputs": {"zone": Input.model_validate(words)}})
    assert validate.compile_validator(action, lambda _: {})({"zone": "Europe/Paris"}) == {"zone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("key", "given", "sent"),
    [
        ("alternativeHosts", ["ana@example.com", "ben@example.com"], "ana@example.com;ben@example.com"),
        ("alternativeHosts", [], ""),
        ("alternativeHosts", "ana@example.com; ben@example.com", "ana@example.com;ben@example.com"),
        ("timezone", "Europe/Lisbon", "Europe/Lisbon"),
        ("timezone", "Europe/Busingen", "Europe/Busingen"),  # not among the choices, which are open
    ],
)
def test_a_joined_list_and_an_open_choice_are_accepted_at_once_in_each_of_their_forms(key, given, sent):
    accept, whole, careful = BOTH["createMeeting"]
    values = {"userId": "me", key: given}
    assert accept(values) == {"userId": "me", key: sent}
    assert whole(values) == careful(values)


@pytest.mark.parametrize(("key", "given"), [("alternativeHosts", [1.5]), ("timezone", "Europe/Lisbn")])
def test_a_joined_list_and_an_open_choice_that_are_not_valid_are_refused(key, given):
    accept, whole, careful = BOTH["createMeeting"]
    values = {"userId": "me", key: given}
    assert accept(values) is None
    assert outcome_of(whole, values) == outcome_of(careful, values)


def test_a_joined_list_that_is_required_is_refused_when_it_has_no_items():
    words = {"label": "Days", "help": "Which.", "type": "list of string", "join": ",", "required": True, "to": "body.d"}
    action = ZOOM.action("listMeetings").model_copy(update={"inputs": {"days": Input.model_validate(words)}})
    check = validate.compile_validator(action, lambda _: {})
    assert check({"days": ["a", "b"]}) == {"days": "a,b"}
    with pytest.raises(errors.InputError, match="a value"):
        check({"days": []})
