"""The page of words has every word of a connector's files once, in the order that lint keeps, and a page explains each."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from support.pages.markdown_blocks import ROOT, blocks

from connector.authoring.rules.files import ACTION_KEYS, INPUT_KEYS

FOLDER = ROOT / "docs" / "writing-a-connector"
TEXT = (FOLDER / "words.md").read_text(encoding="utf-8")
SCHEMAS = {
    name: json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("action", "manifest", "resources", "types")
}
INPUTS = {"Input", "Member", "ConnectionInput", "ValueField"}  # of them the section of inputs has the words
WITHIN = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| \[[^]]+\]\(([^)#]+)#?([^)]*)\) \|$", TEXT.partition("## Words within")[2], re.MULTILINE
)


def words_of(section: str) -> list[str]:
    """Return the first cells of a section's table."""
    part = TEXT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)


def told(cell: str) -> set[str]:
    """Return the words that a cell names."""
    return set(re.findall(r"`(\w+)`", cell))


def nested_models() -> dict[str, list[set[str]]]:
    """Return, of each word that holds other words, these words of each model that stands there."""
    found: dict[str, list[set[str]]] = {}
    for schema in SCHEMAS.values():
        for model in ({"": schema} | schema.get("$defs", {})).values():
            for word, value in model.get("properties", {}).items():
                for name in models_in(value):
                    words = set(schema["$defs"][name].get("properties", {}))
                    if words and name not in INPUTS and words not in found.setdefault(word, []):
                        found[word].append(words)
    return {word: models for word, models in found.items() if models}


def models_in(value: Any) -> set[str]:
    """Return the names of the models that a part of a schema refers to."""
    return set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(value)))


@pytest.mark.parametrize(
    ("section", "words"), [("An action", ACTION_KEYS), ("An input", (*INPUT_KEYS, "scheme"))], ids=["action", "input"]
)
def test_the_words_of_an_action_and_of_an_input_stand_in_the_order_that_lint_keeps(section, words):
    assert words_of(section) == list(words)


def test_the_sections_have_the_words_of_the_schemas():
    inputs = {word for schema in SCHEMAS.values() for name in INPUTS for word in _properties(schema, name)}
    assert set(words_of("An action")) == set(SCHEMAS["action"]["properties"])
    assert set(words_of("An input")) == inputs
    assert sorted(words_of("The manifest")) == sorted(SCHEMAS["manifest"]["properties"])


def _properties(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return schema["$defs"].get(name, {}).get("properties", {})


@pytest.mark.parametrize(("holder", "models"), nested_models().items(), ids=list(nested_models()))
def test_the_words_within_a_word_are_all_told(holder, models):
    rows = [told(words) for cell, words, _, _ in WITHIN if holder in told(cell)]
    for model in models:
        assert any(model <= row for row in rows), f"{holder}: {sorted(model)}"


@pytest.mark.parametrize(("holder", "words", "page", "anchor"), WITHIN, ids=[row[0] for row in WITHIN])
def test_the_page_that_a_row_names_explains_each_of_its_words(holder, words, page, anchor):
    section = _section((FOLDER / page).read_text(encoding="utf-8"), anchor)
    code = re.findall(r"```.*?```|`[^`]+`", section, re.DOTALL)
    assert not told(words) - set(re.findall(r"\w+", " ".join(code))), holder


def _section(text: str, anchor: str) -> str:
    """Return the part of a page under a heading, with the parts below it; the whole page where none is named."""
    lines = re.sub(
        r"^```.*?^```", lambda code: code[0].replace("\n#", "\n\\#"), text, flags=re.MULTILINE | re.DOTALL
    ).splitlines()
    heads = [(number, line) for number, line in enumerate(lines) if re.match("#+ ", line)]
    for number, line in heads:
        depth, _, title = line.partition(" ")
        if re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") == anchor:
            ends = [other for other, head in heads if other > number and len(head.partition(" ")[0]) <= len(depth)]
            return "\n".join(lines[number : (ends or [len(lines)])[0]])
    assert not anchor
    return text


def test_yaml_that_is_no_file_and_no_excerpt_is_written_with_words_that_there_are():
    loose = [
        block
        for page in sorted(FOLDER.glob("*.md"))
        for block in blocks(page)
        if block.kind == "yaml" and not block.note
    ]
    assert loose
    for block in loose:
        assert set(yaml.safe_load(block.text)) <= told(TEXT), f"{block.page.name}:{block.line}"
