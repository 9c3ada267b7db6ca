"""What is probably a mistake is told and sent all the same."""

from __future__ import annotations

import pytest

from connector import Connector
from connector.core.exchange.plan import compile_action


def find_warnings(connector, action, given):
    compiled = compile_action(connector, action)
    return compiled.find_warnings(compiled.validate(given), 1_700_000_000.0)


@pytest.mark.parametrize(
    ("action", "required"), [("createMeeting", {"userId": "me"}), ("updateMeeting", {"meetingId": "1"})]
)
def test_a_misspelt_setting_is_told_with_the_one_that_is_meant(zoom, action, required):
    [warning] = find_warnings(zoom, action, {**required, "settingsExtraFields": {"wating_room": True}})
    assert warning.startswith("settingsExtraFields: wating_room is no known name here")
    assert "Did you mean waiting_room?" in warning


def test_a_misspelt_name_within_a_setting_is_told_with_its_place(zoom):
    extra = {"approved_or_denied_countries_or_regions": {"enabel": True, "method": "approve"}}
    [warning] = find_warnings(zoom, "createMeeting", {"userId": "me", "settingsExtraFields": extra})
    assert "approved_or_denied_countries_or_regions.enabel is no known name" in warning
    assert "Did you mean approved_or_denied_countries_or_regions.enable?" in warning


def test_known_settings_need_no_warning(zoom):
    extra = {"waiting_room": True, "encryption_type": "e2ee", "show_share_button": True}
    assert find_warnings(zoom, "createMeeting", {"userId": "me", "settingsExtraFields": extra}) == ()


def test_a_setting_that_resembles_nothing_is_told_without_a_guess(zoom):
    [warning] = find_warnings(zoom, "createMeeting", {"userId": "me", "settingsExtraFields": {"zzz": 1}})
    assert "zzz" in warning
    assert "Did you mean" not in warning


def test_where_nothing_describes_the_record_nothing_is_told(tmp_path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(
        "connector: probe\nlabel: P\nsummary: P.\nbase_url: https://api.probe.example\nallowed_hosts: [api.probe.example]\n"
    )
    (tmp_path / "actions" / "make-thing.yaml").write_text(
        "action: makeThing\nlabel: M\nsummary: M.\nrequest: POST /things\n"
        "inputs:\n  extra: {label: E, help: E., type: json, to: body.settings.*, example: {a: 1}}\n"
    )
    assert find_warnings(Connector.open(tmp_path), "makeThing", {"extra": {"anything": 1}}) == ()
