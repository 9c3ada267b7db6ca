"""Rules of values: defaults, suggestions, examples, and files of choices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import iter_fields
from connector.core.inputs.field_checks import compile_field_check
from connector.core.inputs.objects import InvalidMembers
from connector.core.inputs.validate import compile_check
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.definition.fields import Input, InputField, Member
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.authoring.rules.fields import FieldRef
    from connector.errors import Finding


def check_values(file: ParsedFile[Any], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that defaults, suggestions and examples are valid values of their fields."""
    for field in iter_fields(file):
        yield from _check_choices_file(field, folder)
        has_choices = field.definition.choices_file is None or field.definition.choices_file in folder.choices
        if has_choices and field.is_checkable and field.definition.type != "file":
            yield from _check_default(field, folder)
            yield from _check_value(field, folder, "suggest", "default-fits")
            yield from _check_value(field, folder, "example", "example-fits")


def _check_default(field: FieldRef, folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a default is valid and written the way it is sent."""
    default = field.definition.default
    if not field.definition.has_default or field.definition.secret:
        return
    try:
        coerced = coerce_value(field, default, folder)
    except InvalidValue:
        yield from _check_value(field, folder, "default", "default-fits")
        return
    is_sent_otherwise = isinstance(field.definition, InputField) and field.definition.wire is not None
    if not is_sent_otherwise and json.dumps(coerced, default=str) != json.dumps(default):
        message = f"write it as {json.dumps(coerced, ensure_ascii=False, default=str)}, the way it is sent."
        yield Violation(field.get_path("default"), "default-fits", message)


def _check_value(field: FieldRef, folder: ConnectorFolder, word: str, rule: str) -> Iterator[Violation]:
    value = getattr(field.definition, word)
    if value is None and word != "default":
        return
    try:
        coerce_value(field, value, folder)
    except InvalidMembers as error:
        for problem in error.problems:
            yield Violation(field.get_path(word), rule, f"{problem}.")
    except InvalidValue as error:
        fix = f" ({error.fix})" if error.fix else ""
        received = preview(value, is_secret=field.definition.secret)
        yield Violation(field.get_path(word), rule, f"got {received}; expected {error.expected}{fix}.")


def coerce_value(field: FieldRef, value: Any, folder: ConnectorFolder) -> Any:
    """Return a value as it would be sent. Raises InvalidValue."""
    choices = folder.connector.choices
    if not isinstance(field.definition, Input | Member):
        return compile_field_check(field.definition, choices)(value)
    return compile_check(field.definition, choices, field.action.method if field.action else "")(value)


def _check_choices_file(field: FieldRef, folder: ConnectorFolder) -> Iterator[Violation]:
    name = field.definition.choices_file
    if name is None or name in folder.choices:
        return
    path = folder.get_choices_path(name)
    if not folder.has_finding(path):
        message = f"there is no {path}.{did_you_mean(name, folder.choices)}"
        yield Violation(field.get_path("choices_file"), "choices-file", message)


def check_choices_files(folder: ConnectorFolder) -> Iterator[Finding]:
    """Check that files of choices are mappings of values to labels."""
    for document in folder.choices.values():
        data = document.data
        if not isinstance(data, dict) or not data:
            yield document.build_finding((), "choices-file", "expected a mapping of values to labels.")
            continue
        for value, label in data.items():
            if not isinstance(label, str) or not label:
                yield document.build_finding((value,), "choices-file", f"the label of {value!r} must be a text.")
