"""A list of actions reads the first words of each file, and a broken file hides no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import Connector
from connector.definition.forms.action_heads import ActionHead, ActionHeads, read_input_labels, read_scopes
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

    from connector.definition.action import Action

MANIFEST = "connector: lamps\nlabel: Lamps\nsummary: Lamps.\nbase_url: https://lamps.example\n"
LAMP = "action: {key}\nlabel: A lamp\nsummary: It shines.\nscopes: [{key}:read]\nrequest: GET /{key}\n"


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


@pytest.fixture
def lamps(tmp_path: Path) -> Path:
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
    for key in ("one", "two"):
        (tmp_path / "actions" / f"{key}.yaml").write_text(LAMP.format(key=key), encoding="utf-8")
    return tmp_path


def read_both(lamps: Path, text: str) -> tuple[ActionHead, ActionHead]:
    """Return the head of a file as it is read, and as the whole definition has it."""
    path = lamps / "actions" / "read-lamp.yaml"
    path.write_bytes(text.encode())
    connector = Connector.open(lamps)
    head = next(head for head in ActionHeads.read(connector).heads if head.action == "readLamp")
    return head, ActionHead.of(connector.action("readLamp"), path.read_bytes())


def list_labels(action: Action) -> dict[str, str]:
    return {key: field.label for key, field in action.inputs.items() if not field.hidden}


def test_the_index_says_what_the_actions_say(zoom):
    index = ActionHeads.read(zoom)
    files = zoom.action_files
    assert index.heads == tuple(ActionHead.of(zoom.action(name), path.read_bytes()) for name, path in files.items())
    for head in index.heads:
        action = zoom.action(head.action)
        assert (head.method, head.path, head.is_raw, head.is_read) == (
            action.method, action.path, action.is_raw, action.is_read,
        )  # fmt: skip
        assert read_input_labels(zoom, head) == list_labels(action)
    assert read_scopes(zoom) == [action.scopes for action in zoom.actions()]


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_a_head_says_what_the_definition_says_in_every_style_of_yaml(lamps, text):
    head, whole = read_both(lamps, text)
    assert head == whole
    connector = Connector.open(lamps)
    assert read_input_labels(connector, head) == list_labels(connector.action("readLamp"))


@pytest.mark.parametrize(
    "words",
    [
        "group: Light\n",
        "group: 'Light'  # where it stands\n",
        "read_only: true\n",
        "read_only: false\n",
        "deprecated: {since: 1.0.0}\n",
        "idempotent: It sets values.\ngroup: Light\nread_only: true\n",
    ],
)
def test_words_of_a_head_may_stand_anywhere(lamps, words):
    post = USUAL.replace("GET", "POST")
    for text in (post + words, post.replace("request:", f"{words}request:")):
        head, whole = read_both(lamps, text)
        assert head == whole
        assert head.is_read is ("read_only: true" in words)


def test_inputs_that_actions_share_have_the_label_of_the_manifest(lamps):
    shared = "inputs: {lampId: {label: Lamp, help: The lamp., type: string, to: path.id}}\n"
    (lamps / "manifest.yaml").write_text(MANIFEST + shared, encoding="utf-8")
    block = USUAL[USUAL.index("  id:") :]
    head, _ = read_both(lamps, USUAL.replace(block, "  id: {use: lampId, required: true}\n"))
    assert read_input_labels(Connector.open(lamps), head) == {"id": "Lamp"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("action: [", "did not find expected node content"),
        ("action: bad\nlabel: Bad\n", "'request' is missing"),
        ("action: other\nlabel: Bad\nsummary: Bad.\nrequest: GET /bad\n", "must be named other.yaml"),
        ("action: bad\nlabel: Bad\nsummary: Bad.\nrequest: FETCH /bad\n", "FETCH /bad"),
        ("a: b\n" + "# " + "x" * (1 << 20), "at most 1,048,576 are allowed"),
    ],
)
def test_a_broken_file_is_told_and_the_rest_is_there(lamps, text, message):
    (lamps / "actions" / "bad.yaml").write_text(text, encoding="utf-8")
    index = ActionHeads.read(Connector.open(lamps))
    assert [head.action for head in index.heads] == ["one", "two"]
    assert any(message in finding.message for finding in index.findings), index.findings
    assert {finding.file for finding in index.findings} == {str(lamps / "actions" / "bad.yaml")}
    assert [scopes.granular for scopes in read_scopes(Connector.open(lamps)) if scopes.granular] == [
        ["one:read"],
        ["two:read"],
    ]


@pytest.mark.parametrize("stem", ["lamp-0", "Lamp0", "read_lamp"])
def test_a_misnamed_file_hides_no_other_action(lamps, stem):
    (lamps / "actions" / f"{stem}.yaml").write_text(LAMP.format(key="lamp0"), encoding="utf-8")
    index = ActionHeads.read(Connector.open(lamps))
    assert [head.action for head in index.heads] == ["one", "two"]
    assert [finding.rule for finding in index.findings] == ["file-name"]
    assert "must be named lamp0.yaml" in index.findings[0].message


def test_words_are_read_as_far_as_they_are_needed():
    raw = b"a: {b: [1, x]}\nc: yes\nd: *nothing\n"
    assert strict_yaml.read_words(raw, "x", frozenset(("a", "c"))) == {"a": {"b": [1, "x"]}, "c": "yes"}
    assert strict_yaml.read_words(raw, "x", frozenset(("a", "e"))) == {"a": {"b": [1, "x"]}}
    with pytest.raises(DefinitionError, match="has no anchor"):
        strict_yaml.read_words(raw, "x", frozenset(("a", "d")))
    with pytest.raises(DefinitionError, match="a key must be a text"):
        strict_yaml.read_words(b"[a]: 1\n" + raw, "x", frozenset(("a", "c")))


def test_what_stands_between_words_is_passed_over_and_its_anchors_are_known():
    raw = b"first: {deep: [&lamp {a: b}, [c, {d: e}]]}\na: 1\nthen: [a, c]\nc: *lamp\na2: *nothing\n"
    assert strict_yaml.read_words(raw.replace(b"a2: *nothing", b""), "x", frozenset(("a", "c"))) == {
        "first": {"deep": [{"a": "b"}, ["c", {"d": "e"}]]}, "a": 1, "then": ["a", "c"], "c": {"a": "b"},
    }  # fmt: skip
    assert strict_yaml.read_words(b"first: {a: 2, c: [a]}\na: 1\nc: 3\nd: 4\n", "x", frozenset(("a", "c"))) == {
        "a": 1,
        "c": 3,
    }
    for other in (b"[a, {c: 1}]", b"a", b""):
        assert strict_yaml.read_words(other, "x", frozenset(("a", "c"))) == {}


def test_a_folder_whose_name_is_no_text_has_its_list(lamps):
    odd = lamps.rename(lamps.with_name("lamps\udcff"))
    assert [head.action for head in ActionHeads.read(Connector.open(odd)).heads] == ["one", "two"]
