"""The values that an input takes, each with its meaning: from the words of descriptions, never invented.

A meaning stands in an extension beside `enum`, as the title of a constant, or in prose: "`1` - Instant meeting". A
value that is a word says itself what it means. A bare number without a meaning is shown as it is, and told.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence.inferred import Inferred
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.document import ApiDocument

_LIST_EXTENSIONS = (
    "x-enum-descriptions", "x-enumDescriptions", "x-enum-description", "x-enumDescription", "x-enumNames",
    "x-enum-names", "x-enum-varnames", "x-enum-labels",
)  # fmt: skip
_ENTRY_EXTENSIONS = ("x-enum-elements", "x-enum")
_ENTRY_VALUES, _ENTRY_LABELS = ("value", "const", "name"), ("description", "title", "label", "x-label")
_LONGEST_LABEL = 80
_SHORTEST_CLAUSE = 15
_LONGEST_ABBREVIATION = 4
_LARGEST_EXACT = 2**53
_QUOTE = r"[`'\"*\u2018\u2019\u201c\u201d]"
_DASHES = r"(?:-{1,2}|\u2013|\u2014)"
_TAGS = prepare_pattern(r"</?(?:p|div|ul|ol|li|br|b|i|code|strong|em|span|a|tt|del|s|sup)\b[^<>]*>", re.IGNORECASE)
_LINE_BREAKS = prepare_pattern(r"<(?:br|/?li|/?p|/?ul|/?div)\b[^<>]*>", re.IGNORECASE)
_LINK = prepare_pattern(r"\[([^\]]*)\]\([^)]*\)")
_ENTRY_END = prepare_pattern(r"\n\s*(?:\n|[*+-]\s|[`\"'\d])")
_INTRODUCTION = prepare_pattern(
    r"\b(?:values?|options?|one of|types?|status(?:es)?|modes?|actions?|can be|either)\b", re.IGNORECASE
)
_LISTED = prepare_pattern(
    rf"^[ \t]*(?:[*+-][ \t]+)?(?P<quote>`|\*\*`?|\")(?P<value>[\w.+-]{{1,60}})(?:`?\*\*|`|\")[ \t]*(?::|=|{_DASHES})"
    r"[ \t]*(?P<meaning>\S.*)$",
    re.MULTILINE,
)


def infer_choices(document: ApiDocument, schema: Any, description: str = "") -> Inferred | None:
    """Return `choices` (and `allow_other`) for a schema with listed values, or None where none are listed.

    `description` is the text beside the schema, such as a parameter's.
    """
    words = document.resolve(schema)
    text = f"{description}\n{words.get('description') or ''}" if description else str(words.get("description") or "")
    values = list_values(document, words)
    if not values:
        return _read_listed_prose(words, text)
    if all(isinstance(value, bool) for value in values):
        return _read_booleans(text, values)
    labels, sources = _label_values(document, words, values, text)
    for label, count in Counter(labels.values()).items():
        same = [value for value, one in labels.items() if one == label] if count > 1 else ()
        labels |= {value: f"{value}: {label}" for value in same}
    bare = [value for value in values if str(value) not in labels]
    choices = {str(value): labels.get(str(value)) or str(value) for value in values}
    inferred: dict[str, Any] = {"choices": choices}
    if _is_open(document, words):
        inferred["allow_other"] = True
    return Inferred(inferred, tuple(sources), _ask(bare, find_rounded_numbers(values)))


def list_values(document: ApiDocument, words: dict[str, Any]) -> list[Any]:
    """Return the values that a resolved schema lists, without null, empty texts and repetitions."""
    found: list[Any] = []
    if isinstance(words.get("enum"), list):
        found = words["enum"]
    elif "const" in words:
        found = [words["const"]]
    else:
        parts = [document.resolve(part) for word in ("oneOf", "anyOf") for part in words.get(word) or ()]
        listed = [part for part in parts if "const" in part or isinstance(part.get("enum"), list)]
        if listed:
            found = [value for part in listed for value in (part["enum"] if "enum" in part else [part["const"]])]
    values = [value for value in found if isinstance(value, str | int | float) and value != ""]
    return list({str(value): value for value in values}.values())


def find_rounded_numbers(values: list[Any]) -> dict[int, int]:
    """Return the numbers that a program of doubles has probably rounded when it wrote them -> what it had.

    JavaScript writes the shortest digits that lead to the same double, and fills up with zeros: 2^57 becomes
    144115188075855870.
    """
    rounded = {}
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_EXACT:
            exact = int(float(value))
            if exact != value and value % 10 == 0:
                rounded[value] = exact
    return rounded


def _ask(bare: list[Any], rounded: dict[int, int]) -> str | None:
    questions = []
    if bare:
        questions.append(f"What do {', '.join(map(str, bare))} mean? The description does not say.")
    if rounded:
        pairs = ", ".join(f"{written} (perhaps {exact})" for written, exact in rounded.items())
        questions.append(f"Numbers above 2^53 were rounded when the description was written: {pairs}. Which are right?")
    return " ".join(questions) or None


def _is_open(document: ApiDocument, words: dict[str, Any]) -> bool:
    """Whether other values are taken too: a choice between listed values and any text."""
    parts = [document.resolve(part) for word in ("oneOf", "anyOf") for part in words.get(word) or ()]
    return any(part.get("type") == "string" and not {"enum", "const"} & {*part} for part in parts)


def _label_values(
    document: ApiDocument, words: dict[str, Any], values: list[Any], text: str
) -> tuple[dict[str, str], list[str]]:
    labels: dict[str, str] = {}
    sources = []
    for source, found in (
        ("the values' own titles", dict(_read_constants(document, words))),
        ("an extension beside `enum`", dict(_read_extensions(words, values))),
        ("the description", read_meanings(text, values)),
        ("the values' own words", {str(value): word for value in values if (word := spell_out(value))}),
    ):
        new = {value: label for value, label in found.items() if label and value not in labels}
        if new:
            labels.update(new)
            sources.append(f"{len(new)} of {len(values)} from {source}")
    return labels, sources


def _read_constants(document: ApiDocument, words: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for word in ("oneOf", "anyOf"):
        for part in words.get(word) or ():
            one = document.resolve(part)
            values = one["enum"] if isinstance(one.get("enum"), list) else [one["const"]] if "const" in one else []
            label = one.get("title") or one.get("description")
            if len(values) == 1 and isinstance(label, str):
                yield str(values[0]), tidy(label)


def _read_extensions(words: dict[str, Any], values: list[Any]) -> Iterator[tuple[str, str]]:
    for name in _LIST_EXTENSIONS:
        written = words.get(name)
        if isinstance(written, dict):
            yield from ((str(value), tidy(str(label))) for value, label in written.items() if isinstance(label, str))
        elif isinstance(written, list) and len(written) == len(words.get("enum") or values):
            listed = words.get("enum") or values
            pairs = zip(listed, written, strict=True)
            yield from ((str(value), tidy(label)) for value, label in pairs if isinstance(label, str))
    for name in _ENTRY_EXTENSIONS:
        entries = words.get(name)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                value = next((entry[key] for key in _ENTRY_VALUES if key in entry), None)
                label = next((entry[key] for key in _ENTRY_LABELS if isinstance(entry.get(key), str)), "")
                yield str(value), tidy(label)


def read_meanings(text: str, values: list[Any]) -> dict[str, str]:
    """Return value -> meaning, for the values that a text explains one by one: "`1` - Daily", "1: yes", "* `a` A."."""
    plain = _to_lines(text)
    marks: list[tuple[int, int, str]] = []
    named = [value for value in values if str(value) in plain]
    for value in sorted(named, key=lambda value: -len(str(value))):
        for match in _build_mark(str(value)).finditer(plain):
            if not any(begin <= match.start() < end for begin, end, _ in marks):
                marks.append((match.start(), match.end(), str(value)))
    marks.sort()
    meanings: dict[str, str] = {}
    for index, (_, end, value) in enumerate(marks):
        until = marks[index + 1][0] if index + 1 < len(marks) else len(plain)
        meaning = tidy(_ENTRY_END.split(plain[end:until], maxsplit=1)[0])
        if meaning and value not in meanings:
            meanings[value] = meaning
    return meanings


def _build_mark(value: str) -> re.Pattern[str]:
    """Return what begins the explanation of a value: quoted or bare with a dash or colon, or quoted after a bullet."""
    literal = re.escape(value)
    quoted = rf"{_QUOTE}{{1,3}}{literal}{_QUOTE}{{1,3}}"
    return re.compile(
        rf"(?<![\w.]){quoted}[ \t]*(?:[:=]|{_DASHES})[ \t]*(?=[^\s,])"
        rf"|(?<![\w.+`'\"-]){literal}(?:[ \t]*[:=]|[ \t]+{_DASHES}(?=[ \t]))[ \t]*(?=[^\s,])"
        rf"|(?<![\w.+-]){quoted}[ \t]+means[ \t]+"
        rf"|^[ \t]*[*+-][ \t]+{quoted}[ \t]+(?!(?:the|an?|to|of|is|are|and|or|for)\b)(?=[A-Za-z])",
        re.MULTILINE,
    )


def _read_listed_prose(words: dict[str, Any], text: str) -> Inferred | None:
    """Return choices that only prose lists, a line for each; other values stay allowed."""
    if words.get("type") not in ("string", "integer"):
        return None
    plain = _to_lines(text)
    matches = list(_LISTED.finditer(plain))
    if not matches or not _INTRODUCTION.search(plain[max(matches[0].start() - 160, 0) : matches[0].start()]):
        return None
    listed = {match["value"]: tidy(match["meaning"]) for match in matches}
    if words["type"] == "integer" and not all(re.fullmatch(r"-?\d+", value) for value in listed):
        return None
    if len(listed) == 1 or not all(listed.values()):
        return None
    source = f"{len(listed)} of {len(listed)} from the description, which alone lists them"
    return Inferred({"choices": listed, "allow_other": True}, (source,))


def _read_booleans(text: str, values: list[Any]) -> Inferred | None:
    meanings = read_meanings(text, ["true", "false"])
    if len(values) == 1 or meanings.keys() != {"true", "false"}:
        return None
    return Inferred({"choices": {"true": meanings["true"], "false": meanings["false"]}}, ("the description",))


def _to_lines(text: str) -> str:
    return html.unescape(_TAGS.sub("", _LINE_BREAKS.sub("\n", _LINK.sub(r"\1", text))))


def tidy(text: str) -> str:
    """Return the first sentence of a meaning without markup, as a label: short, capital first, no full stop."""
    plain = re.sub(r"[`*]|(?<!\w)_|_(?!\w)", "", " ".join(_to_lines(text).split()))
    sentence = re.split(r"(?<=[a-z0-9)])[.;](?:\s|$)", plain, maxsplit=1)[0].strip(" \t.,;:-\u2013\u2014")
    if len(sentence) > _LONGEST_LABEL:
        cut = sentence[:_LONGEST_LABEL].rpartition(" ")[0]
        clause = re.split(r"[,(:]\s|\s[-\u2013]\s", cut)[0] if len(cut) > 1 else cut
        sentence = (clause if len(clause) > _SHORTEST_CLAUSE else cut).strip(" ,;:(")
    return sentence[:1].upper() + sentence[1:]


def spell_out(value: Any) -> str:
    """Return what the name of a value says: in-progress is "In progress"; nothing for what is no word."""
    if not isinstance(value, str) or not re.search(r"[^\W\d_]{2}|^[^\W\d_]$", value):
        return ""
    sign = {"-": " (descending)", "+": " (ascending)"}.get(value[0], "") if re.match(r"[-+]\w", value) else ""
    name = value.lstrip("-+")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|[_\s]+|(?<=\w)-(?=\w)", " ", name).strip()
    is_shouted = spaced.isupper() and len(spaced) > _LONGEST_ABBREVIATION
    return f"{spaced[:1].upper()}{spaced[1:].lower() if is_shouted else spaced[1:]}{sign}"
