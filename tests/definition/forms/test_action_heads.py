"""A list of actions reads the first words of each file, and a broken file hides no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import Connector
from connector.definition.forms.action_heads import ActionHeads, read_scopes
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "connector: lamps\nlabel: Lamps\nsummary: Lamps.\nbase_url: https://lamps.example\n"
LAMP = "action: {key}\nlabel: A lamp\nsummary: It shines.\nscopes: [{key}:read]\nrequest: GET /{key}\n"


@pytest.fixture
def lamps(tmp_path: Path) -> Path:
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
    for key in ("one", "two"):
        (tmp_path / "actions" / f"{key}.yaml").write_text(LAMP.format(key=key), encoding="utf-8")
    return tmp_path


def test_the_index_says_what_the_actions_say(zoom):
    heads = ActionHeads.read(zoom).heads
    actions = list(zoom.actions())
    assert [(head.action, head.label, head.summary, head.method, head.path, head.is_raw) for head in heads] == [
        (action.action, action.label, action.summary, action.method, action.path, action.is_raw) for action in actions
    ]
    scopes = [action.scopes for action in actions]
    assert read_scopes(zoom) == scopes


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


def test_words_are_read_as_far_as_they_are_needed():
    raw = b"a: {b: [1, x]}\nc: yes\nd: *nothing\n"
    assert strict_yaml.read_words(raw, "x", frozenset(("a", "c"))) == {"a": {"b": [1, "x"]}, "c": "yes"}
    with pytest.raises(DefinitionError, match="has no anchor"):
        strict_yaml.read_words(raw, "x", frozenset(("a", "e")))
