"""Rules of what inputs say of each other: needs, not_with, any_of, choices_from, and how keys are spelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Mistake
from connector.authoring.rules.fields import Field
from connector.authoring.rules.values import sent_as
from connector.core.inputs.coerce import Bad
from connector.definition.fields import snake
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action
    from connector.definition.strict_yaml import Path


def needs_exist(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """Inputs that others name are there, and can have the values that others ask of them."""
    for path, key in _named(draft):
        if key not in draft.model.inputs:
            message = f"there is no input {key!r}.{did_you_mean(key, draft.model.inputs)}"
            yield Mistake(path, "needs-exist", message, key=path[-1] == key)
        elif path[0] == "inputs" and path[1] == key:
            yield Mistake(path, "needs-exist", f"{key!r} names itself.")
    for path, key, values in _asked(draft):
        for place, value in enumerate(values):
            yield from _possible(draft, sources, (*path, place), (key, value))


def _named(draft: Draft[Action]) -> Iterator[tuple[Path, str]]:
    """Yield every input that needs, not_with, any_of or an example names, and where."""
    for key, spec in draft.model.inputs.items():
        for word, value in (("needs", spec.needs), ("not_with", spec.not_with)):
            yield from _each(("inputs", key, word), value)
    for place, rule in enumerate(draft.model.any_of):
        yield from _each(("any_of", place, "of"), rule.of)
        yield from _each(("any_of", place, "when"), rule.when)
    for name, example in draft.model.examples.items():
        for spelling in example.given:
            key = draft.model.names.get(spelling, spelling)
            yield ("examples", name, "given", spelling), key


def _each(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        yield from (((*path, key), key) for key in value)
    else:
        yield from (((*path, place), key) for place, key in enumerate(value or ()))


def _asked(draft: Draft[Action]) -> Iterator[tuple[Path, str, list[Any]]]:
    for key, spec in draft.model.inputs.items():
        if isinstance(spec.needs, dict):
            yield from ((("inputs", key, "needs", other), other, values) for other, values in spec.needs.items())
    for place, rule in enumerate(draft.model.any_of):
        yield from ((("any_of", place, "when", other), other, values) for other, values in rule.when.items())


def _possible(draft: Draft[Action], sources: Sources, path: Path, asked: tuple[str, Any]) -> Iterator[Mistake]:
    """Tell a value that the other input can never have, so that the rule could never be met."""
    key, value = asked
    spec = draft.model.inputs.get(key)
    if spec is None or not Field((), key, spec).sound:
        return
    try:
        sent = sent_as(Field((), key, spec), value, sources)
    except Bad as bad:
        yield Mistake(path, "needs-exist", f"{key!r} is never {value!r}: it takes {bad.expected}.")
        return
    if type(sent) is not type(value) and not spec.is_list:
        yield Mistake(path, "needs-exist", f"{key!r} is never {value!r}; write {sent!r}.")


def not_with_mutual(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """What excludes another is excluded by it."""
    inputs = draft.model.inputs
    for key, spec in inputs.items():
        for other in spec.excluded:
            if other in inputs and other != key and key not in inputs[other].excluded:
                message = f"{other!r} at line {draft.line(('inputs', other))} does not say `not_with: {key}`."
                yield Mistake(("inputs", key, "not_with"), "not-with-mutual", message, key=True)
            if other in spec.needed:
                message = f"{key!r} needs {other!r} and excludes it."
                yield Mistake(("inputs", key, "not_with"), "not-with-mutual", message, key=True)


def choices_from_exist(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """Live choices come from an action that is there."""
    for key, spec in draft.model.inputs.items():
        if spec.choices_from and spec.choices_from.action not in sources.keys:
            name = spec.choices_from.action
            message = f"there is no action {name!r}.{did_you_mean(name, sources.keys)}"
            yield Mistake(("inputs", key, "choices_from", "action"), "choices-from", message)


def keys_fold(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """No two keys or aliases are one in snake_case, where Python and the command line meet them."""
    seen: dict[str, str] = {"connection": "the run option connection", "debug_request": "the run option debugRequest"}
    for key, spec in draft.model.inputs.items():
        paths: list[tuple[Path, str]] = [(("inputs", key), key)]
        paths += [(("inputs", key, "aliases", place), alias) for place, alias in enumerate(spec.aliases)]
        for path, spelling in paths:
            folded = snake(spelling)
            if folded in seen:
                message = f"{spelling!r} is {folded} in snake_case, and so is {seen[folded]}."
                yield Mistake(path, "keys-fold", message, key=path[-1] == key)
            seen.setdefault(folded, f"{spelling!r} at line {draft.document.mark(path, key=True).line}")
