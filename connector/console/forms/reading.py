"""Read a form into inputs: what was entered alone, texts as texts, which the core converts and checks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.console.forms.field import write_value
from connector.core.redaction import preview
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.console.forms.field import Field
    from connector.console.visit import Visit

PREFIX = "in."  # of the names of controls, so that an input may be called as the page calls its own
PICKED = "pick."  # of the select beside a text
WAS = "was."  # of what the text was before one was chosen there

_MAX_DIGITS = 20


def read_inputs(action: str, fields: Iterable[Field], visit: Visit) -> dict[str, Any]:
    """Return what was entered. Raises InputError with everything that is no JSON, or entered in two ways."""
    problems: list[Problem] = []
    given = _read_group(fields, visit, problems)
    if problems:
        raise InputError.from_problems(action, problems)
    return given


def _read_group(fields: Iterable[Field], visit: Visit, problems: list[Problem]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field in fields:
        value = _read_group(field.members, visit, problems) if field.members else _read_field(field, visit, problems)
        if value is not None and value != {}:
            given[field.names[-1]] = value
    return given


def _read_field(field: Field, visit: Visit, problems: list[Problem]) -> Any:
    """Return the value of a field, or None where nothing was entered."""
    name = f"{PREFIX}{field.name}"
    if field.control == "file":
        file = visit.files.get(name)
        return None if file is None else (file.name, file.content)
    if field.control in ("checks", "many"):
        return [text for text in visit.form.get(name, ()) if text] or None
    text = _choose_text(field, visit, problems)
    if field.control not in ("area", "password"):
        text = text.strip()
    if not text:
        return None
    if field.control == "json" or (field.control == "lines" and text.startswith("[")):
        return _read_json(field, text, problems)
    if field.control == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return text.replace("\r\n", "\n")


def _choose_text(field: Field, visit: Visit, problems: list[Problem]) -> str:
    """Return what was typed, or chosen beside it; where both were entered, nobody knows which one is meant."""
    typed, picked = visit.sent(f"{PREFIX}{field.name}"), visit.sent(f"{PICKED}{field.name}")
    if picked and typed.strip() not in ("", picked, visit.sent(f"{WAS}{field.name}").strip()):
        got = "a text, and a choice beside it" if field.is_write_only else f"{preview(typed)}, and the choice {picked}"
        problems.append(Problem(field.name, got, "one of them", "empty the text, or choose none"))
    return picked or typed


def _read_json(field: Field, text: str, problems: list[Problem]) -> Any:
    """Return JSON; of a value that may be anything, what is no JSON is a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if field.type == "any" and not text.startswith(("{", "[", '"')):
            return text
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
        if field.type == "object" and all(separator for _, separator, _ in pairs) and not text.startswith("{"):
            return {name.strip(): value.strip() for name, _, value in pairs}
        expected = "JSON" + (", or lines of name=value" if field.type == "object" else "")
        problems.append(Problem(field.name, "a text that is no JSON", expected, f"correct it{where}"))
        return None


def read_number(action: str, visit: Visit, name: str, at_most: int) -> int | None:
    """Return the whole number in one of the page's own fields, None where it is empty. Raises InputError."""
    text = visit.sent(name).strip()
    number = int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else 0
    if text and not 1 <= number <= at_most:
        raise InputError.from_problems(action, [Problem(name, preview(text), f"a whole number from 1 to {at_most}")])
    return number or None


def list_entered(visit: Visit) -> dict[str, Sequence[str]]:
    """Return the texts of a form by the names of fields, to show them again; the template leaves out secrets."""
    entered = {name.removeprefix(PREFIX): texts for name, texts in visit.form.items() if name.startswith(PREFIX)}
    for name, texts in visit.form.items():
        field = name.removeprefix(PICKED)
        if name.startswith(PICKED) and texts[-1] and visit.sent(f"{PREFIX}{field}") == visit.sent(f"{WAS}{field}"):
            entered[field] = texts
    return entered


def write_inputs(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return inputs as the texts of a form."""
    entered: dict[str, Sequence[str]] = {}
    for field in fields:
        value = given.get(field.names[-1])
        if value is None or field.is_write_only or field.control == "file":
            continue
        if field.members and isinstance(value, dict):
            entered |= write_inputs(field.members, value)
        elif field.control in ("checks", "many") and isinstance(value, list):
            entered[field.name] = [write_value(one) for one in value]
        elif field.control == "lines" and isinstance(value, list):
            entered[field.name] = ["\n".join(map(write_value, value))]
        else:
            entered[field.name] = [write_value(value)]
    return entered
