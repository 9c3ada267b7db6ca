"""What a reply says of failed parts is looked for in the replies of the file, before a call finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.sandboxes.lamp import LAMP_MANIFEST

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACTION = """\
action: addLamps
label: Add Lamps
summary: Add several lamps.
request: POST /lamps
returns:
  help: The lamps.
  partial: {%s}
  example: {lamps: [{id: 1, ok: true}], done: [1], count: 1}
replies:
  - {body: {lamps: [{ok: false, error: {code: E, message: m}}], refused: [{code: E}], odd: 5}, expect: {}}
"""


@pytest.fixture
def find(tmp_path: Path) -> Callable[[str], list[tuple[str, str]]]:
    """Return (line from the finding on, message) of the findings about `partial`."""
    (tmp_path / "actions").mkdir()
    file = tmp_path / "actions/add-lamps.yaml"

    def find_problems(words: str) -> list[tuple[str, str]]:
        (tmp_path / "manifest.yaml").write_text(LAMP_MANIFEST)
        file.write_text(ACTION % words)
        lines = file.read_text().splitlines()
        found = [finding for finding in lint(tmp_path) if finding.rule in ("partial", "no-effect")]
        return [(lines[item.line - 1][item.column - 1 :], item.message) for item in found]

    return find_problems


@pytest.mark.parametrize(
    "words",
    [
        "failed: refused",
        "failed: refused, done: done, code: code",
        "items: lamps, failed: error, code: error.code, message: error",
        "items: lamps, failed: {ok: [false]}, message: error.message",
    ],
)
def test_words_that_a_reply_bears_out_have_no_finding(find: Callable[[str], list[tuple[str, str]]], words: str) -> None:
    assert find(words) == []


@pytest.mark.parametrize(
    ("words", "place", "message"),
    [
        ("failed: refusd", "refusd", "no reply of the file has 'refusd'"),
        ("failed: refused, done: dne", "dne", "no reply of the file has 'dne'"),
        ("failed: refused, code: cod", "cod", "no entry of a reply of the file has 'cod'"),
        ("failed: {ok: [false]}", "{ok", "say in `items`"),
        ("items: lamp, failed: error", "lamp,", "no reply of the file has 'lamp'"),
        ("items: odd, failed: error", "odd,", "'odd' is no list"),
        ("items: lamps, failed: eror", "eror", "no entry of a reply of the file has 'eror'"),
        ("items: lamps, failed: {okay: [false]}", "[false]", "no entry of a reply of the file has 'okay'"),
        ("items: lamps, failed: {ok: []}", "ok", "list the values"),
        ("items: lamps, failed: {}", "{}", "name a place and its values"),
        ("items: lamps, failed: error, message: text", "text", "has 'text'"),
        ("items: lamps, failed: error, done: done", "done", "what was done is counted"),
    ],
)
def test_each_mistake_is_told_at_its_place(
    find: Callable[[str], list[tuple[str, str]]], words: str, place: str, message: str
) -> None:
    [(found_place, found_message)] = find(words)
    assert message in found_message
    assert found_place.startswith(place)


def test_without_any_reply_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(LAMP_MANIFEST)
    text = (ACTION % "failed: refused").partition("  example:")[0]
    (tmp_path / "actions/add-lamps.yaml").write_text(text)
    assert [finding.rule for finding in lint(tmp_path) if finding.rule == "partial"] == []
