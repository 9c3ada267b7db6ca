"""The index knows what the definitions say, without parsing them."""

from __future__ import annotations

import pytest
from support.sandboxes import large_connector

from connector import Connector
from connector.errors import UsageError
from connector.integrations.mcp import action_index
from connector.integrations.mcp.action_index import ActionEntry, ActionIndex, read_entry

ZOOM = Connector.open()
USUAL = """\
action: readLamp
label: Read Lamp
summary: Read a lamp.
request: GET /lamps/{id}
inputs:
  id:
    label: Id
    help: The lamp.
    type: string
    required: true
    to: path.id
"""
STYLES = {
    "usual": USUAL,
    "comments": "# a file\n" + USUAL.replace("label: Read Lamp", "label: Read Lamp  # the label").replace("  id:", "  # first\n  id:  # it"),
    "quotes": USUAL.replace("Read a lamp.", '"Read a lamp: its colour, and #1."').replace("label: Id", "label: 'Id'"),
    "escapes": USUAL.replace("Read a lamp.", r'"Read a lamp \u263c."'),
    "folded": USUAL.replace("summary: Read a lamp.", "summary: >-\n  Read a lamp,\n  and more."),
    "continued": USUAL.replace("Read a lamp.", "Read a lamp,\n  and more."),
    "flow": USUAL.partition("inputs:")[0] + "inputs: {id: {label: Id, help: The lamp., type: string, required: true, to: path.id}}\n",
    "flow inside": USUAL.partition("inputs:")[0] + "inputs:\n  id: {label: Id, help: The lamp., type: string, required: true, to: path.id}\n",
    "other indent": USUAL.replace("    ", "      ").replace("  id:", "   id:"),
    "hidden": USUAL + "  power:\n    label: Power\n    help: It.\n    type: string\n    hidden: true\n    to: query.power\n",
    "windows": USUAL.replace("\n", "\r\n"),
    "quoted keys": USUAL.replace("summary:", '"summary":'),
    "a number": USUAL.replace("Read a lamp.", '"12"'),
    "what follows": USUAL + "returns:\n  help: The lamp.\nexamples:\n  one:\n    inputs: {id: a}\n    request: {path: /lamps/a}\n",
    "no inputs": USUAL.partition("inputs:")[0].replace("/{id}", ""),
    "anchors": USUAL.replace("label: Read Lamp", "label: &name Read Lamp"),
}  # fmt: skip


@pytest.mark.parametrize("key", ZOOM.action_files)
def test_an_entry_of_the_bundled_connector_says_what_the_definition_says(key):
    path = ZOOM.action_files[key]
    assert action_index._scan(path.read_text("utf-8")) == ActionEntry.from_action(ZOOM.action(key))


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_an_entry_says_what_the_definition_says_in_every_style_of_yaml(text, folder):
    lamp = folder(actions={"read-lamp": text.replace("\r\n", "\n")})
    (lamp.folder / "actions" / "read-lamp.yaml").write_bytes(text.encode())
    lamp = Connector.open(lamp.folder)
    ((stem, path),) = lamp.action_files.items()
    assert read_entry(lamp, stem, path) == ActionEntry.from_action(lamp.action("readLamp"))


def test_a_search_by_post_is_a_read(folder):
    post = USUAL.replace("GET /lamps/{id}", "POST /lamps/search").partition("inputs:")[0]
    paged = f"{post}pagination: {{items: lamps}}\n"
    for text, is_read in (
        (post, False),
        (paged, False),
        (f"{paged}idempotent: It sets values.\n", False),
        (f"{post}read_only: true\n", True),
        (f"{post}read_only: true  # it only searches\n", True),
    ):
        lamp = folder("pagination: {style: cursor, next: next, cursor_param: query.next}\n", {"read-lamp": text})
        ((stem, path),) = lamp.action_files.items()
        assert read_entry(lamp, stem, path).is_read is lamp.action("readLamp").is_read is is_read


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


@pytest.mark.skipif(not large_connector.PACKED.exists(), reason="the packed descriptions of a vendor are not here")
def test_an_entry_of_each_of_many_actions_says_what_the_definition_says(tmp_path):
    many = Connector.open(large_connector.write_folder(tmp_path / "many"))
    assert len(many.action_files) > 1_700
    for stem, path in list(many.action_files.items())[::5]:
        assert read_entry(many, stem, path) == ActionEntry.from_action(many.action(stem))
