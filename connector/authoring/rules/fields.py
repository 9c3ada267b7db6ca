"""Rules of a single field: an input of an action, connection or trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import SchemaError

from connector.authoring.draft import Violation
from connector.core.inputs import coerce
from connector.core.inputs.field_checks import compile_linear_regex
from connector.core.invalid_value import InvalidValue
from connector.definition.action import UPDATE_METHODS, Action
from connector.definition.case import to_snake_case
from connector.definition.fields import OBJECT_TYPES, InputField, Member, walk_fields
from connector.definition.inputs.named_types import TypesFile, has_endless_default
from connector.definition.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.fields import FormField, MemberHolder, VariantHolder
    from connector.definition.parsers.strict_yaml import NodePath

TEXT_TYPES = ("string", "text", "password", "list of string")
_SIZED_TYPES = (
    *TEXT_TYPES, "integer", "number", "list of integer", "list of number", "list of boolean", "list of object",
)  # fmt: skip
_CHOICE_TYPES = ("string", "text", "integer", "list of string", "list of integer", "datetime", "date")
_SECRET_WORDS = ("password", "passwd", "passcode", "passphrase", "secret", "token")
_CURSOR_WORDS = ("page", "cursor", "sync", "continuation")  # such a token is a position in a list


class FieldRef(NamedTuple):
    """A field with its path in the file, and its action, where it has one."""

    path: NodePath
    key: str
    definition: FormField
    action: Action | None = None

    def get_path(self, word: str) -> NodePath:
        """Return the path of one of its keys."""
        return (*self.path, word)

    def fail(self, word: str, rule: str, message: str, *, key: bool = True) -> Violation:
        """Return a violation at one of its keys, or at the key's value."""
        return Violation(self.get_path(word), rule, message, key)

    @property
    def is_checkable(self) -> bool:
        """Whether its check can be compiled; other rules report what prevents it."""
        if not isinstance(self.definition, InputField):
            return _is_sound(self)
        fields = list(walk_fields(self.definition))
        groups = [field.members for field in fields]
        return (
            not any(map(has_endless_default, fields))
            and all(map(_has_known_tags, fields))
            and _is_sound(self)
            and all(
                _is_sound(FieldRef((), key, member))
                and members.keys() >= {*member.required_inputs, *member.conflicting_inputs}
                for members in groups
                for key, member in members.items()
            )
        )


def _has_known_tags(field: InputField) -> bool:
    """Whether the common fields exist that say which variant an object is."""
    return all(field.declared.keys() >= (variant.when or {}).keys() for variant in (field.variants or {}).values())


def _is_sound(field: FieldRef) -> bool:
    return not any((*check_choices(field), *check_limits(field), *check_pattern(field)))


class Group(NamedTuple):
    """Inputs that are written together, with their path in the file; their rules may name those that are visible."""

    path: NodePath
    inputs: Mapping[str, InputField]
    visible: Mapping[str, InputField]


def iter_fields(file: ParsedFile[Any]) -> Iterator[FieldRef]:
    """Yield every field that is written in a file."""
    for group in iter_groups(file):
        for key, definition in group.inputs.items():
            yield FieldRef((*group.path, key), key, definition, _get_action(file))
    if not isinstance(file.model, Manifest):
        return
    for key, shared in file.model.inputs.items():
        yield FieldRef(("inputs", key), key, shared)
    for word in ("connections", "triggers"):
        for name, owner in getattr(file.model, word).items():
            for key, definition in owner.inputs.items():
                yield FieldRef((word, name, "inputs", key), key, definition)


def iter_groups(file: ParsedFile[Any]) -> Iterator[Group]:
    """Yield the inputs of an action, the named types, and the members of each object that is written in a file."""
    model = file.model
    if isinstance(model, Action):
        yield Group(("inputs",), model.inputs, model.inputs)
        yield from _iter_member_groups(("inputs",), model.inputs)
        return
    types, path = (model.root, ()) if isinstance(model, TypesFile) else (model.types, ("types",))
    for name, one in types.items() if path == () or "types" in file.document.data else ():
        yield from _iter_holder_groups((*path, name), (*path, name, *one.members_path), one)
    if isinstance(model, Manifest):
        yield from _iter_member_groups(("inputs",), model.inputs)


def _iter_member_groups(path: NodePath, inputs: Mapping[str, InputField]) -> Iterator[Group]:
    for key, field in inputs.items():
        if field.type in OBJECT_TYPES:
            yield from _iter_holder_groups((*path, key), (*path, key, "fields"), field)


def _iter_holder_groups(path: NodePath, members_path: NodePath, holder: VariantHolder) -> Iterator[Group]:
    """Yield the members that are written in an object or a type, and in its variants, with those within them."""
    holders: list[tuple[NodePath, MemberHolder, Mapping[str, InputField]]] = [(members_path, holder, holder.declared)]
    for name, variant in (holder.variants or {}).items():
        both = {**holder.declared, **variant.declared}
        holders.append(((*path, "variants", name, "fields"), variant, both))
    for place, one, visible in holders:
        if isinstance(one.fields, dict):
            yield Group(place, one.declared, visible)
            yield from _iter_member_groups(place, one.declared)


def _get_action(file: ParsedFile[Any]) -> Action | None:
    return file.model if isinstance(file.model, Action) else None


def check_default_or_required(field: FieldRef) -> Iterator[Violation]:
    """Check that a field has one of `required`, `default` and `suggest` at most."""
    definition = field.definition
    declarations = [
        ("required", definition.required),
        ("default", definition.has_default),
        ("suggest", definition.suggest is not None),
    ]
    keys = [word for word, is_declared in declarations if is_declared]
    if len(keys) > 1:
        message = f"{' and '.join(keys)} exclude each other; keep one."
        yield field.fail(keys[1], "default-or-required", message)


def check_no_update_default(field: FieldRef) -> Iterator[Violation]:
    """Check that updates have no defaults, which would reset fields that the caller left out."""
    if field.action and field.action.method in UPDATE_METHODS and field.definition.has_default:
        message = f"a default would reset the field with every {field.action.method}; use `suggest`."
        yield field.fail("default", "no-default-on-update", message)


def check_secret_default(field: FieldRef) -> Iterator[Violation]:
    """Check that secrets have no values in the file."""
    for word in ("default", "suggest"):
        if field.definition.secret and word in field.definition.model_fields_set:
            yield field.fail(word, "secret-default", f"a password must not have a {word}.")


def check_secret_type(field: FieldRef) -> Iterator[Violation]:
    """Check that a field named like a secret is of type password, so that it is redacted."""
    if field.definition.type not in TEXT_TYPES or field.definition.secret:
        return
    wire_names = field.definition.location.path[-1:] if isinstance(field.definition, InputField) else ()
    for name in (field.key, *wire_names):
        if is_secret_name(name):
            message = f"{name!r} looks like a secret; use type password or another name."
            yield field.fail("type", "secret-looking", message, key=False)
            return


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret; a token for a page of a list is none."""
    parts = to_snake_case(name).replace("-", "_").split("_")
    return parts[-1] in _SECRET_WORDS and not set(parts) & set(_CURSOR_WORDS)


def check_has_example(field: FieldRef) -> Iterator[Violation]:
    """Check that every input but booleans and files has an example, choices or a default."""
    definition = field.definition
    if not isinstance(definition, InputField) or definition.type in ("boolean", "file"):
        return
    keys = ("example", "choices", "choices_file", "choices_from", "default", "suggest")
    if all(getattr(definition, word) is None for word in keys):
        yield Violation(field.path, "has-example", f"{field.key!r} has neither an example nor choices.", key=True)


def check_choices(field: FieldRef) -> Iterator[Violation]:
    """Check that choices are values of the field's type, each listed once."""
    definition, seen = field.definition, dict[Any, str]()
    if definition.allow_other and not (definition.choices or definition.choices_file or definition.choices_from):
        yield field.fail("allow_other", "no-effect", "there are no choices to add others to.")
    if (definition.choices is not None or definition.choices_file) and definition.type not in _CHOICE_TYPES:
        word = "choices" if definition.choices is not None else "choices_file"
        yield field.fail(word, "no-effect", f"a field of type {definition.type} cannot have choices.")
        return
    if definition.choices is not None and not definition.choices:
        yield field.fail("choices", "choices-typed", "list at least one choice.")
    for value in definition.choices or {}:
        try:
            converted = coerce.CONVERTERS[definition.type](value)
        except InvalidValue as error:
            message = f"{value!r} is not of type {definition.type}: expected {error.expected}."
            yield Violation((*field.get_path("choices"), value), "choices-typed", message, key=True)
            continue
        if converted in seen:
            message = f"{value!r} is the same value as {seen[converted]!r}."
            yield Violation((*field.get_path("choices"), value), "choices-typed", message, key=True)
        seen.setdefault(converted, value)


def check_limits(field: FieldRef) -> Iterator[Violation]:
    """Check that `min` and `max` apply to the type, and that values exist between them."""
    type_name, low, high = field.definition.type, field.definition.min, field.definition.max
    if low is None and high is None:
        return
    if type_name not in _SIZED_TYPES and not field.definition.is_map:
        word = "min" if low is not None else "max"
        yield field.fail(word, "no-effect", f"a field of type {type_name} cannot be limited.")
    elif low is not None and high is not None and low > high:
        yield field.fail("min", "limits", f"no value is at least {low} and at most {high}.", key=False)
    elif low is not None and low < 0 and type_name not in ("integer", "number"):
        yield field.fail("min", "limits", "a length cannot be below 0.", key=False)


def check_pattern(field: FieldRef) -> Iterator[Violation]:
    """Check that `pattern` and `format` are for texts, and that a pattern runs in linear time."""
    definition = field.definition
    for word in ("pattern", "format"):
        if getattr(definition, word) is not None and definition.type not in TEXT_TYPES:
            yield field.fail(word, "no-effect", f"`{word}` is for texts, not for {definition.type}.")
    if definition.pattern is None:
        return
    try:
        compile_linear_regex(definition.pattern)
    except SchemaError:
        message = "the linear engine cannot run this expression; it has no look-around and no back-references."
        yield field.fail("pattern", "pattern", message, key=False)


def check_members(field: FieldRef) -> Iterator[Violation]:
    """Check that an object declares its members, and nothing else does."""
    definition = field.definition
    has_members = isinstance(definition, InputField) and definition.fields is not None
    if has_members and definition.type not in OBJECT_TYPES:
        yield field.fail(
            "fields", "no-effect", f"`fields` are for {', '.join(OBJECT_TYPES)}, not for {definition.type}."
        )
    elif isinstance(definition, Member) and definition.type in ("file", "pairs"):
        message = f"a member of an object cannot be of type {definition.type}, which JSON does not have."
        yield field.fail("type", "member-type", message, key=False)
    elif definition.type in OBJECT_TYPES and not (
        getattr(definition, "fields", None) or getattr(definition, "variants", None)
    ):
        message = "an object declares its members in `fields`; one with any members is of type json."
        yield field.fail("type", "fields-declared", message, key=False)


FIELD_RULES = (
    check_members,
    check_default_or_required,
    check_no_update_default,
    check_secret_default,
    check_secret_type,
    check_has_example,
    check_choices,
    check_limits,
    check_pattern,
)


def check_fields(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check every field of a file with the rules above."""
    for field in iter_fields(file):
        for rule in FIELD_RULES:
            yield from rule(field)
