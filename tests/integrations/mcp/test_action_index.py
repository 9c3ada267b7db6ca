"""The index has the actions of some groups, or those that only read."""

from __future__ import annotations

import pytest

from connector import Connector
from connector.errors import DefinitionError, UsageError
from connector.integrations.mcp.action_index import ActionIndex

ZOOM = Connector.open()


def test_groups_are_those_of_the_list_and_read_only_leaves_out_what_changes():
    assert set(ActionIndex(ZOOM, groups=["registrants"]).entries) == {
        f"{verb}_{kind}_registrant{'s' * (verb == 'list')}"
        for verb in ("add", "list")
        for kind in ("meeting", "webinar")
    }
    assert set(ActionIndex(ZOOM, groups=["registrants"], read_only=True).entries) == {
        "list_meeting_registrants", "list_webinar_registrants",
    }  # fmt: skip
    assert not [name for name in ActionIndex(ZOOM, read_only=True).entries if not name.startswith(("get_", "list_"))]
    with pytest.raises(UsageError, match="Did you mean 'registrants'"):
        _ = ActionIndex(ZOOM, groups=["registrant"]).entries


def test_a_file_without_a_head_is_told(folder):
    lamps = folder(actions={"read-lamp": "action: readLamp\nlabel: Read Lamp\n"})
    with pytest.raises(DefinitionError, match="'request' is missing"):
        _ = ActionIndex(lamps).entries
