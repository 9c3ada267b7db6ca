"""Rules of the values that stand in a file: defaults, suggestions, examples, and files of choices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Mistake
from connector.authoring.rules.fields import fields
from connector.core.inputs.coerce import Bad
from connector.core.inputs.field_checks import field_check, fitting
from connector.core.redaction import shown
from connector.definition.fields import Input
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.authoring.rules.fields import Field
    from connector.errors import Finding


def values_fit(draft: Draft[Any], sources: Sources) -> Iterator[Mistake]:
    """Every value that stands in a file passes the checks of the field it stands in."""
    for field in fields(draft):
        yield from _choices_file(field, sources)
        known = field.spec.choices_file is None or field.spec.choices_file in sources.choices
        if known and field.sound and field.spec.type != "file":
            yield from _default_fits(field, sources)
            yield from _said(field, sources, "suggest", "default-fits")
            yield from _said(field, sources, "example", "example-fits")


def _default_fits(field: Field, sources: Sources) -> Iterator[Mistake]:
    """A default is sent as it is written, so it is written the way it is sent."""
    default = field.spec.default
    if not field.spec.has_default or field.spec.secret:
        return
    try:
        sent = sent_as(field, default, sources)
    except Bad:
        yield from _said(field, sources, "default", "default-fits")
        return
    if json.dumps(sent, default=str) != json.dumps(default):
        message = f"write it as {json.dumps(sent, ensure_ascii=False, default=str)}, the way it is sent."
        yield Mistake(field.at("default"), "default-fits", message)


def _said(field: Field, sources: Sources, word: str, rule: str) -> Iterator[Mistake]:
    value = getattr(field.spec, word)
    if value is None and word != "default":
        return
    try:
        sent_as(field, value, sources)
    except Bad as bad:
        fix = f" ({bad.fix})" if bad.fix else ""
        got = shown(value, secret=field.spec.secret)
        yield Mistake(field.at(word), rule, f"got {got}; expected {bad.expected}{fix}.")


def sent_as(field: Field, value: Any, sources: Sources) -> Any:
    """Return a value as it would be sent. Raises Bad."""
    choices = sources.connector.choices
    check = fitting(field.spec, choices) if isinstance(field.spec, Input) else field_check(field.spec, choices)
    return check(value)


def _choices_file(field: Field, sources: Sources) -> Iterator[Mistake]:
    name = field.spec.choices_file
    if name is None or name in sources.choices:
        return
    path = sources.choices_path(name)
    if not sources.told(path):
        message = f"there is no {path}.{did_you_mean(name, sources.choices)}"
        yield Mistake(field.at("choices_file"), "choices-file", message)


def choices_are_texts(sources: Sources) -> Iterator[Finding]:
    """A file of choices is a mapping of values to labels."""
    for document in sources.choices.values():
        data = document.data
        if not isinstance(data, dict) or not data:
            yield document.finding((), "choices-file", "expected a mapping of values to labels.")
            continue
        for value, label in data.items():
            if not isinstance(label, str) or not label:
                yield document.finding((value,), "choices-file", f"the label of {value!r} is not a text.")
