"""Rules across all actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.draft import Violation
from connector.core.redaction import preview

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.authoring.parity.page_record import ParityRecord
    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.errors import Finding

RULE = "same-key-same-meaning"
_ASPECTS = ("label", "type", "choices")


class Inconsistency(NamedTuple):
    """An input whose label, type or choices differ from those of its key in most other actions."""

    file: ParsedFile[Action]
    key: str
    aspect: str
    message: str


def check_key_consistency(folder: ConnectorFolder, record: ParityRecord | None) -> Iterator[Finding]:
    """Check that a key has one label, type and choices in all actions, unless parity.yaml gives a reason."""
    exceptions = list(enumerate(record.differs)) if record else []
    used_numbers: set[int] = set()
    for file, key, aspect, message in find_inconsistencies(folder):
        matching = [number for number, item in exceptions if (item.input, item.what) == (key, aspect)]
        used_numbers.update(matching)
        if not any(file.model.action in exceptions[number][1].actions for number in matching):
            yield from file.to_findings([Violation(("inputs", key, aspect), RULE, f"{key!r}: {message}")])
    valid_keys = {file.model.action for file in folder.actions if file.is_valid}
    for number, exception in exceptions:
        is_checked = valid_keys.issuperset(set(exception.actions) & set(folder.action_keys))
        if number not in used_numbers and is_checked and folder.parity is not None:
            message = f"{exception.what} of {exception.input!r} is the same everywhere; remove this entry."
            yield folder.parity.build_finding(("differs", number), RULE, message)


def find_inconsistencies(folder: ConnectorFolder) -> Iterator[Inconsistency]:
    """Yield every input that differs from those of its key in most actions."""
    by_key: dict[str, list[tuple[ParsedFile[Action], Input]]] = {}
    for file in folder.actions:
        for key, field in file.model.inputs.items():
            by_key.setdefault(key, []).append((file, field))
    for key, uses in by_key.items():
        for aspect in _ASPECTS:
            values = [_get_aspect(field, aspect) for _, field in uses]
            usual = max(values, key=values.count)
            location = uses[values.index(usual)][0].format_location(("inputs", key, aspect), key=True)
            for (file, _), value in zip(uses, values, strict=True):
                if value != usual:
                    message = f"{aspect} is {_format_value(value)} here, and {_format_value(usual)} at {location}."
                    yield Inconsistency(file, key, aspect, message)


def _get_aspect(field: Input, aspect: str) -> Any:
    if aspect != "choices":
        return getattr(field, aspect)
    return (field.choices or {}, field.choices_file)


def _format_value(value: Any) -> str:
    if not isinstance(value, tuple):
        return preview(value)
    choices, file = value
    return preview(", ".join([*choices, *([file] if file else [])])) if choices or file else "no choices"
