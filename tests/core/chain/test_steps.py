"""The order of a chain yields the calls of each step, and takes values from what came back."""

from __future__ import annotations

import pytest

from connector.core.chain.chain import Chain, LostReply, Reference, Step
from connector.core.chain.steps import order_steps
from connector.core.query import DataQuery
from connector.errors import InputError


def ref(source, query=None):
    return Reference(source, DataQuery(query) if query else None, ("steps", "x"))


def drive(chain, *answers):
    """Return the calls of each step, and what is kept."""
    steps, seen, answer = order_steps(chain), [], None
    remaining = iter(answers)
    while True:
        try:
            calls = steps.send(answer)
        except StopIteration as end:
            return seen, end.value
        seen.append([(calls.describe(number), one) for number, one in zip(calls.numbers, calls.given, strict=True)])
        answer = next(remaining)


def test_a_step_takes_values_from_those_before_it_at_any_depth():
    first = Step("user", "createUser", {"email": ref("inputs", "email")})
    second = Step("meeting", "createMeeting", {"userId": ref("user", "id"), "settings": {"hosts": [ref("user", "id")]}})
    seen, kept = drive(Chain((first, second), {"email": "n@x.org"}), [{"id": 7}], [{"url": "u"}])
    assert seen == [[("user", {"email": "n@x.org"})], [("meeting", {"userId": 7, "settings": {"hosts": [7]}})]]
    assert kept == {"user": {"id": 7}, "meeting": {"url": "u"}}


def test_each_makes_a_call_for_every_item_and_numbers_go_on():
    first = Step("made", "createMeeting", {"topic": ref("each")}, each=["One", "Two"])
    second = Step("read", "getMeeting", {"meetingId": ref("each", "id")}, each=ref("made"))
    chain = Chain((first, second), keep={"links": ref("read", "[].url")})
    seen, kept = drive(chain, [{"id": 1}, {"id": 2}], [{"url": "a"}, {"url": "b"}])
    assert seen[1] == [("read.1", {"meetingId": 1}), ("read.2", {"meetingId": 2})]
    assert kept == {"links": ["a", "b"]}


def test_an_empty_list_makes_no_call():
    seen, kept = drive(Chain((Step("none", "getUser", {}, each=[]),)))
    assert (seen, kept) == ([], {"none": []})


def test_what_a_query_does_not_find_is_left_out_and_a_null_that_is_written_stays():
    step = Step("x", "updateUser", {"dept": ref("inputs", "dept"), "location": None})
    assert drive(Chain((step,), {"a": 1}), [{}])[0] == [[("x", {"location": None})]]


@pytest.mark.parametrize("each", [ref("inputs", "missing"), ref("inputs", "name")])
def test_a_list_that_is_none_is_told(each):
    with pytest.raises(InputError, match="expected a list"):
        drive(Chain((Step("x", "getUser", {}, each=each),), {"name": "Nora"}))


@pytest.mark.parametrize("lost", [LostReply(), [{"id": 1}, LostReply()]])
def test_a_value_of_a_lost_reply_is_told(lost):
    chain = Chain((Step("a", "getUser", {}), Step("b", "getUser", {"userId": ref("a", "id")})))
    with pytest.raises(InputError, match="the reply of a was lost"):
        drive(chain, [lost])


def test_a_query_that_does_not_fit_the_data_is_told():
    chain = Chain((Step("a", "getUser", {"userId": ref("inputs", "length(id)")}),), {"id": 3})
    with pytest.raises(InputError, match=r"length\(\) accepts"):
        drive(chain)
