"""Whatever an author and a vendor change: no edit is lost, and what nobody touched is the vendor's newest."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.authoring.importing.merge.file_merge import merge_file
from connector.authoring.importing.merge.words import Level, digest_words
from connector.authoring.importing.yaml_writer import write_yaml
from connector.definition.action import Action
from connector.definition.parsers import strict_yaml

from .edits import GONE, AuthorsEdits, edit_as_author, edit_as_vendor

ACTIONS = sorted((Path(__file__).parents[4] / "actions").glob("*.yaml"))


def read(text: str) -> dict[str, Any]:
    return strict_yaml.read(text.encode(), "test").data


def find(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return GONE
        data = data[key]
    return data


def is_valid(words: Any) -> bool:
    try:
        Action.model_validate(words)
    except ValidationError:
        return False
    return True


def rename(path: tuple[str, ...], edits: AuthorsEdits) -> tuple[str, ...]:
    return (path[0], edits.renamed.get(path[1], path[1]), *path[2:]) if path[0] == "inputs" and path[1:] else path


@settings(max_examples=200)
@given(st.integers(min_value=0), st.integers(1, 8), st.integers(1, 8), st.booleans())
def test_no_edit_is_lost_and_untouched_words_follow_the_vendor(seed, own_count, vendor_count, as_written):
    random = Random(seed)
    path = random.choice(ACTIONS)
    words = read(path.read_text(encoding="utf-8"))
    text = path.read_text(encoding="utf-8") if as_written else write_yaml(words)
    edits = edit_as_author(text, random, own_count)
    new, changes = edit_as_vendor(words, random, vendor_count)

    merged = merge_file(edits.text, digest_words(words, Level.WORDS), new, model=Action)

    assert merged.problem is None
    result = read(merged.text)
    for place, value in edits.words.items():
        assert find(result, place) == value, f"the author's {place} was lost"
    for comment in edits.comments:
        assert merged.text.count(comment) == 1, f"the comment {comment} was lost"
    told = {note.path for note in merged.conflicts}
    for place, value in changes.items():
        ours = rename(place, edits)
        if edits.is_touched(ours) or edits.is_touched(place):
            if (value is GONE or find(result, ours) != value) and len(place) == 2 and find(result, ours) is not GONE:
                assert any(one[:2] == ours for one in told), f"the conflict about {ours} was not told"
        elif value is GONE and edits.has_comment_in(ours):
            assert find(result, ours) is not GONE
            assert ours in told
        else:
            assert find(result, ours) == value, f"the vendor's {ours} did not arrive"
    if is_valid(read(edits.text)):
        assert is_valid(result)
    again = merge_file(merged.text, merged.words, new, model=Action)
    assert again.text == merged.text
    assert again.updated == []


@given(st.integers(min_value=0), st.integers(1, 8))
def test_without_news_of_the_vendor_not_a_byte_changes(seed, own_count):
    random = Random(seed)
    path = random.choice(ACTIONS)
    words = read(path.read_text(encoding="utf-8"))
    edits = edit_as_author(path.read_text(encoding="utf-8"), random, own_count)

    merged = merge_file(edits.text, digest_words(words, Level.WORDS), words, model=Action)

    assert merged.text == edits.text
    assert merged.conflicts == []
