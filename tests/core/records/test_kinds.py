"""Actions are told to be of a resource by their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import Connector, errors
from connector.core.records.kinds import RecordKinds, read_path_values


@pytest.fixture(scope="module")
def kinds():
    return Connector.open().derive(RecordKinds)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("listMeetings", ("meetings", "list")),
        ("getMeeting", ("meetings", "get")),
        ("createMeeting", ("meetings", "create")),
        ("updateMeeting", ("meetings", "update")),
        ("deleteUser", ("users", "delete")),
        ("addMeetingRegistrant", ("registrants", "create")),
    ],
)
def test_an_action_has_a_role_at_its_resource(kinds, action, expected):
    kind = kinds.find(Connector.open().action(action))
    assert (kind.resource, kind.role) == expected


def test_other_actions_have_none(kinds):
    assert kinds.find(Connector.open().action("getMeetingInvitation")) is None
    assert kinds.find(Connector.open().action("rawRequest")) is None


def test_a_resource_is_listed_by_its_action(kinds):
    assert kinds.find_listing("webinars") == "listWebinars"
    assert kinds.find_listing("nothing") is None


def test_what_no_action_lists_is_left_out_of_all():
    stripe = Connector.open(Path(__file__).parents[3] / "examples" / "stripe")
    assert "refunds" in stripe.manifest.resources
    assert stripe.derive(RecordKinds).list_readable() == ("customers", "paymentIntents")


def test_unknown_resources_are_told_all_at_once(kinds):
    with pytest.raises(errors.InputError) as caught:
        kinds.check_names(("users", "meting", "webinar"))
    assert [problem.got for problem in caught.value.problems] == ["meting", "webinar"]


def test_the_values_of_a_path_are_read_behind_any_prefix():
    assert read_path_values("/meetings/{id}", "/accounts/9/meetings/a%2Fb") == ["a/b"]
    assert read_path_values("/meetings/{id}", "/meetings") == []


def test_names_that_are_known_are_taken(kinds):
    assert kinds.check_names(("users",)) == ("users",)
