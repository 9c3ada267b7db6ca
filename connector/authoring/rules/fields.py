"""Rules of one field on its own: an input of an action, a connection or a trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.draft import Mistake
from connector.core.inputs import coerce as convert
from connector.core.inputs.field_checks import SchemaError, linear
from connector.definition.action import UPDATES, Action
from connector.definition.fields import Input, snake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.fields import FormField
    from connector.definition.strict_yaml import Path

TEXTS = ("string", "text", "password", "list of string")
_SIZED = (*TEXTS, "integer", "number", "list of integer", "map of string")
_CHOSEN = ("string", "text", "integer", "list of string", "list of integer", "datetime", "date")
_SECRETS = ("password", "passwd", "passcode", "passphrase", "secret", "token")
_CURSORS = ("page", "cursor", "sync", "continuation")  # a token of these is a place in a list


class Field(NamedTuple):
    """One field, with its path in the file and the action it belongs to, if it is an action's."""

    path: Path
    key: str
    spec: FormField
    action: Action | None = None

    def at(self, word: str) -> Path:
        """Return the path of one of its words."""
        return (*self.path, word)

    @property
    def sound(self) -> bool:
        """Whether its own check can be made; what keeps it from that is told by a rule of its own."""
        return not any((*choices_typed(self), *limits(self), *patterns(self)))


def fields(draft: Draft[Any]) -> Iterator[Field]:
    """Yield every field of a file."""
    model = draft.model
    if isinstance(model, Action):
        for key, spec in model.inputs.items():
            yield Field(("inputs", key), key, spec, model)
        return
    for word in ("connections", "triggers"):
        for name, owner in getattr(model, word).items():
            for key, spec in owner.inputs.items():
                yield Field((word, name, "inputs", key), key, spec)


def default_or_required(field: Field) -> Iterator[Mistake]:
    """`required`, `default` and `suggest` exclude each other."""
    spec = field.spec
    said = [("required", spec.required), ("default", spec.has_default), ("suggest", spec.suggest is not None)]
    words = [word for word, there in said if there]
    if len(words) > 1:
        message = f"{' and '.join(words)} exclude each other; keep one of them."
        yield Mistake(field.at(words[1]), "default-or-required", message, key=True)


def no_default_on_update(field: Field) -> Iterator[Mistake]:
    """A default on an update would reset what nobody touched."""
    if field.action and field.action.method in UPDATES and field.spec.has_default:
        message = f"{field.action.method} changes what is there: a default would reset it. Use `suggest`."
        yield Mistake(field.at("default"), "no-default-on-update", message, key=True)


def secret_default(field: Field) -> Iterator[Mistake]:
    """A secret in a file is no secret."""
    for word in ("default", "suggest"):
        if field.spec.secret and word in field.spec.model_fields_set:
            yield Mistake(field.at(word), "secret-default", f"a password has no {word}: it would be known.", key=True)


def secret_looking(field: Field) -> Iterator[Mistake]:
    """A field that is called like a secret is a password, so that it is never shown."""
    if field.spec.type not in TEXTS or field.spec.secret:
        return
    wire = field.spec.place.path[-1] if isinstance(field.spec, Input) and field.spec.place.path else field.key
    for name in (field.key, wire):
        words = snake(name).replace("-", "_").split("_")
        if words[-1] in _SECRETS and not set(words) & set(_CURSORS):
            message = f"{name!r} looks like a secret; its type is password, or its name is another."
            yield Mistake(field.at("type"), "secret-looking", message)
            return


def has_example(field: Field) -> Iterator[Mistake]:
    """Every input shows what a value looks like: an example, choices, a default; a boolean shows itself."""
    spec = field.spec
    if field.action is None or spec.type in ("boolean", "file"):
        return
    shows = (spec.example, spec.choices, spec.choices_file, spec.choices_from, spec.default, spec.suggest)
    if all(one is None for one in shows):
        yield Mistake(field.path, "has-example", f"{field.key!r} has neither an example nor choices.", key=True)


def choices_typed(field: Field) -> Iterator[Mistake]:
    """Choices are values of the field's type, each once."""
    spec, seen = field.spec, dict[Any, str]()
    if spec.choices_open and not (spec.choices or spec.choices_file or spec.choices_from):
        yield Mistake(field.at("choices_open"), "choices-typed", "there are no choices to be open.", key=True)
    if (spec.choices is not None or spec.choices_file) and spec.type not in _CHOSEN:
        word = "choices" if spec.choices is not None else "choices_file"
        yield Mistake(field.at(word), "choices-typed", f"a field of type {spec.type} has no choices.", key=True)
        return
    if spec.choices is not None and not spec.choices:
        yield Mistake(field.at("choices"), "choices-typed", "there is no choice to choose.", key=True)
    for value in spec.choices or {}:
        try:
            typed = convert.TYPES[spec.type](value)
        except convert.Bad as bad:
            message = f"{value!r} does not fit the type {spec.type}: expected {bad.expected}."
            yield Mistake((*field.at("choices"), value), "choices-typed", message, key=True)
            continue
        if typed in seen:
            message = f"{value!r} is the same value as {seen[typed]!r}."
            yield Mistake((*field.at("choices"), value), "choices-typed", message, key=True)
        seen.setdefault(typed, value)


def limits(field: Field) -> Iterator[Mistake]:
    """`min` and `max` suit the type, and leave room between them."""
    spec = field.spec
    word = "min" if spec.min is not None else "max"
    if spec.min is None and spec.max is None:
        return
    if spec.type not in _SIZED:
        yield Mistake(field.at(word), "limits", f"a field of type {spec.type} has no size to limit.", key=True)
    elif spec.min is not None and spec.max is not None and spec.min > spec.max:
        yield Mistake(field.at("min"), "limits", f"no value is at least {spec.min} and at most {spec.max}.")
    elif spec.type not in ("integer", "number") and word == "min" and spec.min is not None and spec.min < 0:
        yield Mistake(field.at("min"), "limits", "a length is not below 0.")


def patterns(field: Field) -> Iterator[Mistake]:
    """A pattern runs in linear time, so that no text can make it hang; patterns and looks are for texts."""
    spec = field.spec
    for word in ("pattern", "looks"):
        if getattr(spec, word) is not None and spec.type not in TEXTS:
            yield Mistake(field.at(word), "pattern", f"`{word}` is for texts, not for {spec.type}.", key=True)
    if spec.pattern is None:
        return
    try:
        linear(spec.pattern)
    except SchemaError:
        message = "the linear engine cannot run this expression: look-around and back-references are not known to it."
        yield Mistake(field.at("pattern"), "pattern", message)


FIELD_RULES = (
    default_or_required, no_default_on_update, secret_default, secret_looking, has_example, choices_typed, limits,
    patterns,
)  # fmt: skip


def field_rules(draft: Draft[Any], _sources: Sources) -> Iterator[Mistake]:
    """Apply the rules above to every field of a file."""
    for field in fields(draft):
        for rule in FIELD_RULES:
            yield from rule(field)
