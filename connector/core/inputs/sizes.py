"""Limits of values, and the checks of what has several: the items of a list, the entries of a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.coerce import to_entries, to_json_value
from connector.core.invalid_value import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.fields import FormField

    ValueCheck = Callable[[Any], Any]

_LENGTH_UNITS: dict[str, str] = dict.fromkeys(("string", "text", "password", "list of string"), "characters")


def compile_limit_check(field: FormField) -> ValueCheck:
    """Return the check of the limits of a number, or of the length of a text."""
    minimum, maximum = field.min, field.max
    length_unit = _LENGTH_UNITS.get(field.type, "")
    unit = length_unit or getattr(field, "unit", None) or ""

    def check(value: Any) -> Any:
        size = len(value) if length_unit else value
        if (minimum is not None and size < minimum) or (maximum is not None and size > maximum):
            raise InvalidValue(_format_range(minimum, maximum, unit), f"it has {size}" if length_unit else "")
        return value

    return check


def _format_range(minimum: float | None, maximum: float | None, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    if minimum is None:
        return f"at most {maximum}{unit}"
    return f"at least {minimum}{unit}" if maximum is None else f"{minimum} to {maximum}{unit}"


def check_length(field: FormField, length: int, unit: str) -> None:
    """Raise InvalidValue for a list or mapping that is shorter or longer than its field says."""
    minimum, maximum = field.min, field.max
    if (minimum is not None and length < minimum) or (maximum is not None and length > maximum):
        raise InvalidValue(_format_range(minimum, maximum, unit), f"it has {length}")


def compile_list_check(field: FormField, check: ValueCheck) -> ValueCheck:
    """Return the check of a list: that of each of its items, and how many there are."""
    join = getattr(field, "join", None)
    check_items = check_each(check, join)

    def check_list(value: Any) -> Any:
        results = check_items(value)
        check_length(field, len(results), "items")
        return results if join is None else join_items(join, results)

    return check_list


def join_items(join: str, items: list[Any]) -> str:
    """Return the items of a list as the one text that is sent."""
    return join.join(map(str, items))


def check_each(check: ValueCheck, join: str | None) -> ValueCheck:
    """Return the check of a list: that of each of its items."""

    def check_items(value: Any) -> list[Any]:
        results = []
        for position, item in enumerate(_split_items(value, join), 1):
            try:
                results.append(check(item))
            except InvalidValue as invalid:
                fix = f"check item {position}, {item!r:.40}" + (f"; {invalid.fix}" if invalid.fix else "")
                raise InvalidValue(f"each item to be {invalid.expected}", fix) from None
        return results

    return check_items


def compile_map_check(field: FormField, check: ValueCheck) -> ValueCheck:
    """Return the check of a mapping: that of each of its entries, and how many there are."""

    def check_map(value: Any) -> dict[str, Any]:
        entries = to_entries(value)
        check_length(field, len(entries), "entries")
        results = {}
        for name, item in entries.items():
            try:
                results[name] = check(item)
            except InvalidValue as invalid:
                fix = f"check {name[:40]!r}" + (f"; {invalid.fix}" if invalid.fix else "")
                raise InvalidValue(f"each entry to be {invalid.expected}", fix) from None
        return results

    return check_map


def _split_items(value: Any, join: str | None) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = to_json_value(value)
    if isinstance(value, list | tuple):
        return list(value)
    if join is not None and isinstance(value, str | int) and not isinstance(value, bool):
        return [item.strip() for item in str(value).split(join)]
    raise InvalidValue("a list", f"write [{value}]" if isinstance(value, str | int) else "")
