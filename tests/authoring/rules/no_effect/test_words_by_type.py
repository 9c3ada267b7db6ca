"""A word of an input changes what some value becomes, on every type, or lint tells that it does nothing there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest

from connector import Client, Connector
from connector.authoring.lint import lint
from connector.definition.fields import InputType
from connector.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS = {key: {"label": key, "help": "One.", "type": "string", "example": "a"} for key in "mn"}
# Values for which each word is tried, one after the other, until one shows an effect.
WORDS: dict[str, list[Any]] = {
    "choices": [{"a": "A"}, {"3": "Three"}, {"true": "Yes"}, {"2001-02-03": "A day"}],
    "min": [2, 4],
    "max": [1, 2],
    "pattern": ["[a-z]{2}"],
    "format": ["digits", "email"],
    "join": ["|"],
    "wire": ["seconds"],
    "encode": ["uuid"],
}
GIVEN: list[Any] = [
    "a", "abc", " x ", "3", "2001-02-03", "2001-02-03T04:05:06Z", "/x//y", "a text of several words", 3, 12, -4, 2.5,
    True, ["a"], ["abc", "b", "c"], ["/x//y"], [1], [1, 2, 3], [2.5, 1], [True], [True, False],
    {"a": "b"}, {"a": "/x//y"}, {"a": "b", "c": "d", "e": "f"}, {"a": 1}, {"a": 1, "b": 2}, {"a": 2.5}, {"a": 2.5, "b": 1.5},
    {"a": True}, {"a": True, "b": False}, {"a": ["x"]}, {"a": ["x"], "b": ["y"]}, {"m": "a"}, [{"m": "a"}],
    [{"m": "a"}, {"m": "b"}], {"x": {"m": "a"}}, {"x": {"m": "a"}, "y": {"m": "b"}},
]  # fmt: skip


class Folder:
    """A connector of one action with one input."""

    def __init__(self, path: Path, place: str) -> None:
        self.path, self.place = path, place
        (path / "actions").mkdir()
        head = {"connector": "shelf", "label": "Shelf", "summary": "Keep things.", "base_url": "https://shelf.example"}
        (path / "manifest.yaml").write_text(json.dumps(head))

    def write(self, **words: Any) -> None:
        is_in_path = self.place == "path.one"
        field = {"label": "One", "help": "One.", "required": is_in_path, "to": self.place, **words}
        request = "POST /things/{one}" if is_in_path else "POST /things"
        action = {"action": "put", "label": "Put", "summary": "Put.", "request": request, "inputs": {"one": field}}
        (self.path / "actions" / "put.yaml").write_text(json.dumps(action))

    def find_errors(self) -> set[tuple[str, str]]:
        return {(finding.rule, finding.message) for finding in lint(self.path) if finding.voice == "error"}

    def send_all(self) -> list[str]:
        """Return what each value becomes: a request, or a refusal."""
        client = Client(Connector.open(self.path))
        return [self._send(client, value) for value in GIVEN]

    @staticmethod
    def _send(client: Client, value: Any) -> str:
        try:
            request = client.dry_run("put", {"one": value})
        except InputError as error:
            return str(error)
        return f"{request.url} {request!r}"  # what stands in a URL is not hidden in it


@pytest.mark.parametrize("type_name", get_args(InputType))
@pytest.mark.parametrize(("place", "words"), [("body.one", {*WORDS} - {"encode"}), ("path.one", {"encode"})])
def test_a_word_changes_something_or_is_told(tmp_path: Path, type_name: str, place: str, words: set[str]) -> None:
    folder = Folder(tmp_path, place)
    base = {"type": type_name, **({"fields": MEMBERS} if type_name.endswith("object") else {})}
    folder.write(**base)
    told, sent = folder.find_errors(), folder.send_all()
    for word in sorted(words):
        assert any(_matters(folder, {**base, word: value}, told, sent) for value in WORDS[word]), word


def _matters(folder: Folder, words: dict[str, Any], told: set[tuple[str, str]], sent: list[str]) -> bool:
    folder.write(**words)
    return bool(folder.find_errors() - told) or folder.send_all() != sent
