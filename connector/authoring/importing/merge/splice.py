"""Changes words in the text of a YAML file, and leaves everything else as the author wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.importing.merge.marks import MarkedText
from connector.authoring.importing.merge.words import digest_word
from connector.authoring.importing.yaml_writer import write_scalar, write_yaml
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.merge.marks import MarkedEntry, MarkedNode

_COLON = prepare_pattern(r"[ \t]*:")
_COMMA_AFTER = prepare_pattern(r"[ \t]*,[ \t]*")
_COMMA_BETWEEN = prepare_pattern(r"\s*,\s*")


class SpliceError(ValueError):
    """A file is written in a way that its words cannot be changed in place."""


class _Edit(NamedTuple):
    """The text from `start` to `end` becomes `text`; of several at one place, `order` says which comes first."""

    start: int
    end: int
    text: str
    order: tuple[int, int] = (0, 0)


def splice(marked: MarkedText, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the text with the words of `after` in place of those of `before`. Raises SpliceError.

    What comes out is read again: it has the words of `after`, and every comment that was there.
    """
    edits = list(_edit_mapping(marked, marked.root, before, after))
    text = marked.text
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end, edit.order), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    _check(text, marked, after)
    return text


def _check(text: str, marked: MarkedText, after: dict[str, Any]) -> None:
    try:
        data = strict_yaml.read(text.encode(), "merged").data
    except DefinitionError as error:
        raise SpliceError(str(error)) from None
    if digest_word(data) != digest_word(after):
        raise SpliceError("the words cannot be changed in place.")
    comments = [comment for _, comment in MarkedText(text).comments]
    if comments != [comment for _, comment in marked.comments]:
        raise SpliceError("a comment would be lost.")


def _edit_mapping(
    marked: MarkedText, node: MarkedNode, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[_Edit]:
    """Yield the edits that turn one mapping into another."""
    if not node.entries:
        raise SpliceError("an alias cannot be changed in place.")
    previous: MarkedEntry | None = None
    for order, (key, value) in enumerate(after.items()):
        entry = node.entries.get(key)
        if entry is None:
            column = next(iter(node.entries.values())).column
            yield _insert(marked, node, previous, key, value)._replace(order=(-column, order))
            continue
        previous = entry
        if digest_word(value) == digest_word(before[key]):
            continue
        if isinstance(value, dict) and isinstance(before[key], dict) and before[key] and entry.value.entries:
            yield from _edit_entry(marked, entry, before[key], value)
        else:
            yield _replace(marked, node, entry, value)
    kept_before = None
    for key in before:
        if key not in after:
            yield _remove(marked, node, key, kept_before)
        kept_before = key if key in after else None


def _edit_entry(
    marked: MarkedText, entry: MarkedEntry, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[_Edit]:
    """Yield the edits of a mapping below its key."""
    yield from _edit_mapping(marked, entry.value, before, after)
    if not after and not entry.value.is_flow:
        colon = _find_colon(marked, entry)
        yield _Edit(colon, colon, " {}")  # a comment is left below


def _insert(marked: MarkedText, node: MarkedNode, previous: MarkedEntry | None, key: str, value: Any) -> _Edit:
    first = next(iter(node.entries.values()))
    if node.is_flow:
        text = f"{write_scalar(key, key=True)}: {_write_flow(value)}"
        if previous is None:
            return _Edit(first.key_start, first.key_start, f"{text}, ")
        return _Edit(previous.value.end, previous.value.end, f", {text}")
    lines = write_yaml({key: value}).splitlines()
    text = "".join(f"{' ' * first.column}{line}\n" if line else "\n" for line in lines)
    if previous is None:
        start = _find_line_start(marked, first)
        return _Edit(start, start, text)
    end = marked.find_end_of_lines(previous)
    return _Edit(end, end, text if marked.text[end - 1] == "\n" else f"\n{text}")


def _replace(marked: MarkedText, node: MarkedNode, entry: MarkedEntry, value: Any) -> _Edit:
    start, end = _find_colon(marked, entry), entry.value.end
    end = max(start, end)
    if node.is_flow:
        return _Edit(start, end, f" {_write_flow(value)}")
    lines = write_yaml({"x": value}).removeprefix("x:").splitlines()
    line_end = marked.text.find("\n", end)
    rest_of_line = marked.text[end : line_end if line_end >= 0 else len(marked.text)]
    if len(lines) > 1 and rest_of_line.strip():
        return _Edit(start, end, f" {_write_flow(value)}")  # a comment follows on the line
    margin = " " * entry.column
    return _Edit(start, end, "\n".join([lines[0], *(margin + line if line else line for line in lines[1:])]))


def _remove(marked: MarkedText, node: MarkedNode, key: str, kept_before: str | None) -> _Edit:
    entry = node.entries[key]
    _find_colon(marked, entry)
    if not node.is_flow:
        return _Edit(_find_line_start(marked, entry), marked.find_end_of_lines(entry), "")
    after = _COMMA_AFTER.match(marked.text, entry.value.end)
    if after is not None:
        return _Edit(entry.key_start, after.end(), "")
    if kept_before is not None:
        previous_end = node.entries[kept_before].value.end
        if _COMMA_BETWEEN.fullmatch(marked.text, previous_end, entry.key_start):
            return _Edit(previous_end, entry.value.end, "")
    return _Edit(entry.key_start, entry.value.end, "")


def _find_colon(marked: MarkedText, entry: MarkedEntry) -> int:
    """Return where the colon of a key ends. Raises SpliceError for a key that is marked with a `?`."""
    colon = _COLON.match(marked.text, entry.key_end)
    if colon is None:
        raise SpliceError("a key with a question mark before it cannot be changed in place.")
    return colon.end()


def _find_line_start(marked: MarkedText, entry: MarkedEntry) -> int:
    start = entry.key_start - entry.column
    if marked.text[start : entry.key_start].strip():
        raise SpliceError("a key does not begin its line.")
    return start


def _write_flow(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{write_scalar(key, key=True)}: {_write_flow(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_write_flow, value)) + "]"
    return write_scalar(value, flow=True)
