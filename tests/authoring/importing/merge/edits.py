"""Random edits of an imported action: an author's, on its text, and a vendor's, on its words.

An author's edit is made on lines, without the code under test, and tells what must be there afterwards.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

Path = tuple[str, ...]
GONE = object()


@dataclass
class AuthorsEdits:
    """The text after an author's edits; `words` are those that must be there, `touched` the places nobody else changes."""

    text: str
    words: dict[Path, Any] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    comment_places: list[Path] = field(default_factory=list)  # the innermost word or input that a comment stands in
    renamed: dict[str, str] = field(default_factory=dict)

    def is_touched(self, path: Path) -> bool:
        """Whether the author changed something at a path, above it or below it."""
        return any(path[: len(one)] == one or one[: len(path)] == path for one in self.words)

    def has_comment_in(self, path: Path) -> bool:
        """Whether a comment stands in the lines of a word or an input."""
        return any(one[: len(path)] == path for one in self.comment_places)


@dataclass(frozen=True)
class Line:
    """One line that begins a word: its number, its indent, its path and the text after the colon."""

    number: int
    indent: int
    path: Path
    value: str


def list_lines(text: str) -> Iterator[Line]:
    """Yield the lines of the words of an action, its inputs, and their words."""
    within: list[str] = []
    for number, line in enumerate(text.splitlines()):
        match = re.match(r"( {0,4})([A-Za-z_]\w*):(.*)$", line)
        if match is None or len(match[1]) % 2:
            continue
        depth = len(match[1]) // 2
        within = [*within[:depth], match[2]]
        if len(within) == depth + 1 and (depth == 0 or within[0] == "inputs"):
            yield Line(number, len(match[1]), tuple(within), match[3].strip())


def edit_as_author(text: str, random: Random, count: int) -> AuthorsEdits:
    """Return a text with some edits, each at a place of its own."""
    edits = AuthorsEdits(text)
    kinds = (_change_word, _comment_above, _comment_beside, _remove_word, _remove_input, _add_word, _add_input, _rename)
    for number in range(count):
        random.choice(kinds)(edits, random, number)
    return edits


def _pick(edits: AuthorsEdits, random: Random, depth: int, pattern: str = ".*") -> Line | None:
    lines = [
        line
        for line in list_lines(edits.text)
        if len(line.path) == depth and not edits.is_touched(line.path) and re.fullmatch(pattern, line.value)
    ]
    return random.choice(lines) if lines else None


def _change_word(edits: AuthorsEdits, random: Random, number: int) -> None:
    line = _pick(edits, random, random.choice((1, 3)), r"[^\[{|#][^#]*")
    if line and line.path[-1] in ("label", "help", "summary", "example"):
        _set_line(edits, line.number, f"{' ' * line.indent}{line.path[-1]}: 'The author''s {number}'")
        edits.words[line.path] = f"The author's {number}"


def _comment_above(edits: AuthorsEdits, random: Random, number: int) -> None:
    line = _pick(edits, random, random.choice((1, 2, 3)))
    if line:
        _insert_line(edits, line.number, f"{' ' * line.indent}# above {number}")
        _note_comment(edits, f"# above {number}", line.path[:-1])


def _comment_beside(edits: AuthorsEdits, random: Random, number: int) -> None:
    line = _pick(edits, random, 3, r"[^|#]+")
    if line and not line.value.endswith(("{", "[")):
        _set_line(edits, line.number, f"{edits.text.splitlines()[line.number]}   # beside {number}")
        _note_comment(edits, f"# beside {number}", line.path)


def _remove_word(edits: AuthorsEdits, random: Random, _number: int) -> None:
    line = _pick(edits, random, 3, r"[^|#]+")
    if line and line.path[-1] in ("example", "max", "min", "pattern", "suggest", "default", "hidden"):
        _set_line(edits, line.number, None)
        edits.words[line.path] = GONE


def _remove_input(edits: AuthorsEdits, random: Random, _number: int) -> None:
    line = _pick(edits, random, 2)
    inputs = [one for one in list_lines(edits.text) if len(one.path) == 2]
    if line and len(inputs) > 1 and not edits.has_comment_in(line.path):
        lines = edits.text.splitlines()
        end = line.number + 1
        while end < len(lines) and lines[end].startswith("    "):
            end += 1
        edits.text = "\n".join([*lines[: line.number], *lines[end:]]) + "\n"
        edits.words[line.path] = GONE


def _add_word(edits: AuthorsEdits, random: Random, _number: int) -> None:
    line = _pick(edits, random, 2)
    if line and f"{line.path[-1]}:\n    hidden" not in edits.text:
        _insert_line(edits, line.number + 1, "    group: Of the author")
        edits.words[*line.path, "group"] = "Of the author"


def _add_input(edits: AuthorsEdits, random: Random, number: int) -> None:
    line = _pick(edits, random, 2)
    if line:
        key = f"authors{number}"
        words = {"label": "Own", "help": "The author added it.", "type": "string", "to": f"query.own_{number}"}
        lines = [f"  {key}:", *(f"    {word}: {value}" for word, value in words.items())]
        for added in reversed(lines):
            _insert_line(edits, line.number, added)
        edits.words["inputs", key] = words


def _rename(edits: AuthorsEdits, random: Random, number: int) -> None:
    line = _pick(edits, random, 2)
    if line and not edits.has_comment_in(line.path):
        _set_line(edits, line.number, f"  renamed{number}:")
        edits.renamed[line.path[-1]] = f"renamed{number}"
        edits.words[*line.path[:-1], f"renamed{number}", "label"] = "Renamed"
        lines = edits.text.splitlines()
        label = next(index for index in range(line.number, len(lines)) if lines[index].startswith("    label:"))
        _set_line(edits, label, "    label: Renamed")


def _note_comment(edits: AuthorsEdits, comment: str, place: Path) -> None:
    edits.comments.append(comment)
    edits.comment_places.append(place)


def _set_line(edits: AuthorsEdits, number: int, line: str | None) -> None:
    lines = edits.text.splitlines()
    edits.text = "\n".join([*lines[:number], *([] if line is None else [line]), *lines[number + 1 :]]) + "\n"


def _insert_line(edits: AuthorsEdits, number: int, line: str) -> None:
    lines = edits.text.splitlines()
    edits.text = "\n".join([*lines[:number], line, *lines[number:]]) + "\n"


def edit_as_vendor(words: dict[str, Any], random: Random, count: int) -> tuple[dict[str, Any], dict[Path, Any]]:
    """Return new words of an action, and which of them changed: path -> new value, or GONE."""
    new, changes = deepcopy(words), {}
    for number in range(count):
        inputs = new.setdefault("inputs", {})
        keys = [key for key in inputs if not any(path[:2] == ("inputs", key) for path in changes)]
        key = random.choice(keys) if keys else None
        kind = random.choice(("summary", "word", "word", "choice", "added", "gone", "new word", "gone word", "respelt"))
        if kind == "summary":
            new["summary"] = changes["summary",] = f"The vendor's {number}: so."
        elif kind == "added":
            one = {"label": "New", "help": f"It is new, {number}.", "type": "string", "to": f"query.new_{number}"}
            inputs[f"new{number}"] = changes["inputs", f"new{number}"] = one
        elif key is None:
            continue
        elif kind == "word":
            inputs[key]["help"] = changes["inputs", key, "help"] = f"The vendor's {number} # {{help}}."
        elif kind == "choice" and isinstance(inputs[key].get("choices"), dict):
            inputs[key]["choices"][str(900 + number)] = "Another, new"
            changes["inputs", key, "choices", str(900 + number)] = "Another, new"
        elif kind == "gone" and len(keys) > 1 and not _is_referred_to(new, key):
            del inputs[key]
            for example in new.get("examples", {}).values():
                example["inputs"].pop(key, None)
            changes["inputs", key] = GONE
        elif kind == "new word" and "hidden" not in inputs[key]:
            inputs[key]["hidden"] = changes["inputs", key, "hidden"] = True
        elif kind == "gone word" and "example" in inputs[key]:
            del inputs[key]["example"]
            changes["inputs", key, "example"] = GONE
        elif kind == "respelt":
            new["inputs"] = {f"vendors{number}" if one == key else one: value for one, value in inputs.items()}
            _respell_references(new, key, f"vendors{number}")
            changes["inputs", f"vendors{number}"] = GONE  # the key is pinned
            changes["inputs", key, "to"] = inputs[key]["to"]
    return new, changes


def _is_referred_to(words: dict[str, Any], key: str) -> bool:
    relations = [one.get(word) for one in words["inputs"].values() for word in ("requires", "conflicts_with")]
    return f"'{key}'" in repr([*relations, words.get("any_of")])


def _respell_references(words: dict[str, Any], key: str, other: str) -> None:
    """Put another key of an input wherever an action refers to it."""
    for one in words["inputs"].values():
        for word in ("requires", "conflicts_with"):
            if word in one:
                one[word] = _replace_everywhere(one[word], key, other)
    if "any_of" in words:
        words["any_of"] = _replace_everywhere(words["any_of"], key, other)
    for example in words.get("examples", {}).values():
        example["inputs"] = {other if name == key else name: value for name, value in example["inputs"].items()}


def _replace_everywhere(value: Any, key: str, other: str) -> Any:
    if isinstance(value, list):
        return [_replace_everywhere(item, key, other) for item in value]
    if isinstance(value, dict):
        return {other if name == key else name: _replace_everywhere(item, key, other) for name, item in value.items()}
    return other if value == key else value
