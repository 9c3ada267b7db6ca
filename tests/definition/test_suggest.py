"""What an unknown action may mean: never one that does something else."""

from __future__ import annotations

import pytest

from connector.definition.suggest import suggest_action

KNOWN = ("createUser", "deleteUser", "getMeeting", "getUser", "listMeetings", "syncNow", "updateMeeting")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("removeUser", "Did you mean 'deleteUser'?"),
        ("remove_user", "Did you mean 'deleteUser'?"),
        ("deletUser", "Did you mean 'deleteUser'?"),
        ("editMeetings", "Did you mean 'updateMeeting'?"),
        ("listMeeting", "Did you mean 'listMeetings'?"),
        ("synNow", "Did you mean 'syncNow'?"),
        ("deleteMeeting", "no action does that; those with 'meeting' are getMeeting, listMeetings, updateMeeting"),
        ("cancelMeetings", "no action does that; those with 'meetings' are getMeeting, listMeetings, updateMeeting"),
        ("deleteWebinar", ""),
        ("delete", ""),
        ("nothing", ""),
    ],
)
def test_an_action_that_does_something_else_is_never_suggested(name, told):
    assert suggest_action(name, KNOWN) == told
