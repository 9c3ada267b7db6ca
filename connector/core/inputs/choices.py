"""The choices of an input: those of its definition, and live ones that an action lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.inputs.coerce import CONVERTERS
from connector.core.invalid_value import InvalidValue
from connector.core.json_path import get_at_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.definition.fields import FormField
    from connector.definition.inputs.choices_from import ChoicesFrom
    from connector.definition.loader import Connector


class Choice(NamedTuple):
    """One value that an input takes, of the input's type, and its label for people."""

    value: Any
    label: str


def list_defined_choices(connector: Connector, field: FormField) -> list[Choice]:
    """Return the choices of a field and of its file of choices. Raises DefinitionError for a missing file."""
    from_file = connector.choices(field.choices_file) if field.choices_file else {}
    return [Choice(value, label) for value, label in {**field.typed_choices, **from_file}.items()]


def extract_choices(field: FormField, source: ChoicesFrom, data: Any) -> list[Choice]:
    """Return the choices in the data of a listing; an item without a value that fits the field is none."""
    items = get_at_path(data, source.items)
    choices = []
    for item in items if isinstance(items, list) else ():
        value = _convert(field, get_at_path(item, source.value))
        if value is not None:
            label = get_at_path(item, source.label)
            choices.append(Choice(value, str(value) if label in (None, "") else str(label)))
    return choices


def _convert(field: FormField, value: Any) -> Any:
    """Return a value as one entry of the field has it, or None if it cannot be one."""
    if value in (None, "") or isinstance(value, dict | list):
        return None
    try:
        return CONVERTERS[field.type](value)
    except InvalidValue:
        return None


def search_choices(choices: Iterable[Choice], text: str | None) -> list[Choice]:
    """Return the choices whose value or label contains a text, in any case, each value once."""
    wanted = (text or "").strip().casefold()
    found: dict[Any, Choice] = {}
    for choice in choices:
        if wanted in choice.label.casefold() or wanted in str(choice.value).casefold():
            found.setdefault(choice.value, choice)
    return list(found.values())
