"""One input -> one function that accepts or refuses a value, put together once."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from connector.core import url_policy as guard
from connector.core.inputs import coerce as convert
from connector.core.inputs.coerce import Bad
from connector.core.inputs.formats import CHECKS

if TYPE_CHECKING:
    from connector.definition.fields import FormField, Input

Check = Callable[[Any], Any]
Choices = Callable[[str], Mapping[str, str]]

_BYTES_PAIRS = (("file",), ("form",))  # places of a raw request whose pairs may hold bytes
NULLABLE = ("body", "form")  # parts of a request that can say null
_UNITS = dict.fromkeys(("string", "text", "password", "list of string"), "characters") | {"map of string": "entries"}


def fitting(spec: Input, choices: Choices) -> Check:
    """Return the function that checks a value of an action's input; it raises Bad."""
    part, path = spec.place.part, spec.place.path
    whole_body = (part, path) == ("raw", ("body",))
    check = convert.body if whole_body else field_check(spec, choices)
    refusals: list[Check] = [_no_blank] if spec.required or part == "path" else []
    if part == "path":
        refusals.append(_no_dots)
    if spec.type == "json":
        refusals.append(_shaped(spec))
    if spec.type == "pairs" and path not in _BYTES_PAIRS:
        refusals.append(_all_text)
    if part == "header":
        refusals.append(_header_value)
    nullable = part in NULLABLE and not spec.required
    for refuse in refusals:
        check = _then(check, refuse)
    return _or_null(check, nullable)


def field_check(spec: FormField, choices: Choices) -> Check:
    """Return the function that checks a value by type, look, pattern, choices and limits; it raises Bad."""
    steps: list[Check] = [convert.TYPES[spec.type]]
    if spec.choices or spec.choices_file:
        steps = [_chosen(spec, steps[0], choices)]
    if spec.looks:
        steps.append(CHECKS[spec.looks])
    if spec.pattern:
        steps.append(_pattern(spec.pattern))
    if (spec.min is not None or spec.max is not None) and not spec.is_list:
        steps.append(_limits(spec))
    if spec.is_list:
        return _each(spec, _chain(steps))
    return _chain(steps)


def _chain(steps: list[Check]) -> Check:
    if len(steps) == 1:
        return steps[0]
    first, *rest = steps

    def check(value: Any) -> Any:
        value = first(value)
        for step in rest:
            value = step(value)
        return value

    return check


def _then(check: Check, refuse: Check) -> Check:
    return _chain([check, refuse])


def _or_null(check: Check, nullable: bool) -> Check:  # noqa: FBT001  private, one caller
    def checked(value: Any) -> Any:
        if value is not None:
            return check(value)
        if nullable:
            return None
        raise Bad("a value", "leave it out to send nothing; null can be sent in a body only")

    return checked


def _no_blank(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise Bad("a value that is not blank")
    return value


def _no_dots(value: Any) -> Any:
    if value in (".", ".."):
        raise Bad("a name", "a path cannot hold . or ..")
    return value


def _all_text(value: Any) -> Any:
    for place, (_, item) in enumerate(value, 1):
        if not isinstance(item, str):
            raise Bad("pairs of texts", f"look at item {place}: bytes and files are for form and file data")
    return value


def _header_value(value: Any) -> Any:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and not guard.HEADER_VALUE.match(item):
            raise Bad("printable ASCII on one line", "a header cannot hold anything else")
    return value


def _shaped(spec: Input) -> Check:
    """Refuse a list where the example is a mapping, and the reverse; a spread takes a mapping."""
    wanted = dict if spec.place.spread else type(spec.example)
    sample = json.dumps(spec.example, ensure_ascii=False)

    def check(value: Any) -> Any:
        if wanted in (dict, list) and not isinstance(value, wanted):
            raise Bad("a JSON object" if wanted is dict else "a JSON list", f"such as {sample}")
        return value

    return check


def _pattern(pattern: str) -> Check:
    matcher = linear(pattern)

    def check(value: Any) -> Any:
        try:
            return matcher.validate_python(value)
        except ValidationError:
            raise Bad(f"a text of the form {pattern}") from None

    return check


def linear(pattern: str) -> SchemaValidator:
    """Compile a regular expression for an engine that takes linear time.

    Raises pydantic_core.SchemaError for one that it does not know (look-around, back-references).
    """
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _chosen(spec: FormField, converted: Check, choices: Choices) -> Check:
    """Convert and choose; a label in place of its value is told with the value."""
    options: Mapping[Any, str] = dict(spec.options)
    if spec.choices_file:
        options = {**options, **choices(spec.choices_file)}

    def check(given: Any) -> Any:
        try:
            value = converted(given)
        except Bad as bad:
            raise Bad(_one_of(options), _nearest(given, options) or bad.fix) from None
        if value in options or spec.choices_open:
            return value
        raise Bad(_one_of(options), _nearest(value, options) or _such_as(spec, options))

    return check


_FEW = 25


def _one_of(options: Mapping[Any, str]) -> str:
    if len(options) > _FEW:
        return f"one of {len(options)} choices"
    return "one of " + ", ".join(f"{_plain(value)} ({label})" for value, label in options.items())


def _such_as(spec: FormField, options: Mapping[Any, str]) -> str:
    """Return the example where the choices are too many to be told."""
    return f"such as {spec.example}" if len(options) > _FEW and isinstance(spec.example, str) else ""


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value) or '""'


def _nearest(value: Any, options: Mapping[Any, str]) -> str:
    spellings = {str(label).lower(): key for key, label in options.items()}
    spellings |= {str(key).lower(): key for key in options}
    near = difflib.get_close_matches(str(value).lower(), list(spellings), n=1, cutoff=0.6)
    return f"did you mean {_plain(spellings[near[0]])}?" if near else ""


def _limits(spec: FormField) -> Check:
    least, most = spec.min, spec.max
    counted = _UNITS.get(spec.type, "")
    unit = counted or ("milliseconds" if str(getattr(spec, "to", "")).endswith("_ms") else "")

    def check(value: Any) -> Any:
        size = len(value) if counted else value
        if (least is not None and size < least) or (most is not None and size > most):
            raise Bad(_range(least, most, unit), f"it has {size}" if counted else "")
        return value

    return check


def _range(least: float | None, most: float | None, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    if least is None:
        return f"at most {most}{unit}"
    return f"at least {least}{unit}" if most is None else f"{least} to {most}{unit}"


def _each(spec: FormField, check: Check) -> Check:
    join = getattr(spec, "join", None)

    def check_list(value: Any) -> Any:
        items = _items(value, join)
        checked = []
        for place, item in enumerate(items, 1):
            try:
                checked.append(check(item))
            except Bad as bad:
                fix = f"look at item {place}, {item!r:.40}" + (f"; {bad.fix}" if bad.fix else "")
                raise Bad(f"each item to be {bad.expected}", fix) from None
        least, most = spec.min, spec.max
        if (least is not None and len(items) < least) or (most is not None and len(items) > most):
            raise Bad(_range(least, most, "items"), f"it has {len(items)}")
        return checked if join is None else join.join(map(str, checked))

    return check_list


def _items(value: Any, join: str | None) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = convert.structure(value)
    if isinstance(value, list | tuple):
        return list(value)
    if join is not None and isinstance(value, str | int) and not isinstance(value, bool):
        return [item.strip() for item in str(value).split(join)]
    raise Bad("a list", f"write [{value}]" if isinstance(value, str | int) else "")


__all__ = ["Bad", "Check", "Choices", "SchemaError", "field_check", "fitting", "linear"]
