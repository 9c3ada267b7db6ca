"""Models that both kinds of file share: strict models, form fields, and the inputs of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from connector.definition.inputs.choices_from import ChoicesFrom
from connector.definition.inputs.request_location import Place, RequestLocation
from connector.definition.json_path import JsonPath, parse_path
from connector.definition.lazy import cached_property
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, TextForm, word

if TYPE_CHECKING:
    from collections.abc import Iterator

TypeReference = Annotated[str, TextForm(r"^@[A-Za-z][A-Za-z0-9_]*$")]  # a named type: @condition
Number = int | float

ValueType = Literal["string", "text", "password", "integer", "number", "boolean", "datetime", "date"]  # one value
InputType = Literal[
    "string", "text", "password", "integer", "number", "boolean", "datetime", "date", "json", "file",
    "scalar", "list of string", "list of integer", "list of number", "list of boolean", "pairs",
    "map of string", "map of integer", "map of number", "map of boolean", "map of scalar", "map of list of string",
    "object", "list of object", "map of object",
]  # fmt: skip
OBJECT_TYPES = ("object", "list of object", "map of object")  # those whose fields are declared
TimeForm = Literal["seconds", "milliseconds", "date"]
Unit = Literal["milliseconds", "seconds", "minutes"]
TextFormat = Literal["digits", "email", "url", "host", "timezone", "uuid"]


class Deprecation(StrictModel):
    """Says that an action or input still works and should not be used any more."""

    since: Text = word(description="The connector's version, or the date, from which it should not be used.")
    use: Key | None = word(default=None, description="The action or input to use in its place.")
    why: Text | None = word(default=None, description="One sentence: the reason.")

    def describe(self) -> str:
        """Return it as sentences, such as `Deprecated since 1.2.0. Use createUser.`."""
        advice = f" Use {self.use}." if self.use else ""
        reason = f" {self.why.rstrip('.')}." if self.why else ""
        return f"Deprecated since {self.since}.{advice}{reason}"


class FormField(StrictModel):
    """One field of a form, of whatever type; `ValueField` is that of connections and triggers, `Input` of actions."""

    label: Text = word(description="The field's name in a form.")
    help: Text = word(description="One sentence: what to enter.")
    group: Text | None = word(default=None, description="The heading that groups it in a form.")
    type: InputType = word(description="The type of its value.")
    required: bool = word(default=False, description="Whether it must be given.")
    default: JsonValue = word(default=None, description="The value that is sent when none is given.")
    suggest: JsonValue = word(default=None, description="A value that a form shows; sent only when chosen.")
    hidden: bool = word(default=False, description="Whether forms leave it out unless asked for.")
    choices: dict[str, str] | None = word(default=None, description="The accepted values, each with its label.")
    allow_other: bool = word(default=False, description="Whether other values are accepted too.")
    choices_from: ChoicesFrom | None = word(default=None, description="An action that lists the choices.")
    choices_file: Text | None = word(default=None, description="A file of many choices in schemas/choices/.")
    min: Number | None = word(default=None, description="Minimum value, or minimum length of a text or list.")
    max: Number | None = word(default=None, description="Maximum value, or maximum length of a text or list.")
    pattern: Text | None = word(
        default=None, description="A regular expression that the text must match, in linear time."
    )
    format: TextFormat | None = word(default=None, description="A named format, checked and normalised.")
    example: JsonValue = word(default=None, description="A valid value.")

    @property
    def has_default(self) -> bool:
        """Whether the file has a default, `null` included."""
        return "default" in self.model_fields_set

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown."""
        return self.type == "password"

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return self.type.startswith("list of ")

    @property
    def takes_many(self) -> bool:
        """Whether several values add up: the items of a list, pairs, the entries of a mapping."""
        return self.is_list or self.is_map or self.type == "pairs"

    @property
    def is_map(self) -> bool:
        """Whether it takes a mapping of names that nobody declares."""
        return self.type.startswith("map of ")

    @property
    def item_type(self) -> str:
        """The type of one item of a list or one entry of a mapping; else its own."""
        return self.type.removeprefix("map of ").removeprefix("list of ")

    @cached_property
    def typed_choices(self) -> dict[Any, str]:
        """The choices with values of the input's own type; a value that does not convert stays a text."""
        return {_convert_choice(value, self.type): label for value, label in (self.choices or {}).items()}


class ValueField(FormField):
    """A field of a connection or trigger: one value, of which a credential or a key is made."""

    type: ValueType = word(  # pyright: ignore[reportIncompatibleVariableOverride]  narrower: models are frozen
        description="The type of its value."
    )


class MemberHolder(StrictModel):
    """What declares members: in its own `fields`, or by the name of a type that the connector declares."""

    fields: dict[Key, Member] | TypeReference | None = word(
        default=None, description="What an object, or each of several, holds; `@name` for a named type."
    )

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return it with a place for each member."""
        if not isinstance(written, dict) or "fields" not in written:
            return written
        return {**written, "fields": place_members_by_key(written["fields"])}

    @cached_property
    def declared(self) -> dict[str, Member]:
        """The members of `fields`, by key. Those of a named type are linked (see named_types); none until then."""
        return self.fields if isinstance(self.fields, dict) else {}

    @property
    def type_name(self) -> str | None:
        """The name of the type that it refers to, if it does."""
        return self.fields[1:] if isinstance(self.fields, str) else None


class Variant(MemberHolder):
    """One of several forms of an object: its members beside those that all forms have."""

    label: Text = word(description="What a person calls this form of the object.")
    when: dict[Key, list[JsonValue]] | None = word(
        default=None, description="The values of common fields that say it is this form."
    )


class VariantHolder(MemberHolder):
    """What declares members, and perhaps variants with members of their own, of which an object is always one."""

    variants: dict[Key, Variant] | None = word(
        default=None, description="Forms that the object has one of, each with members beside the common ones."
    )

    @cached_property
    def declared_variants(self) -> dict[str, Variant]:
        """The variants, by key: its own, or those of a named type, which are linked as its members are."""
        return self.variants or {}

    @cached_property
    def members(self) -> dict[str, Member]:
        """What an object may hold, by key, in any of its variants."""
        groups = (self.declared, *(variant.declared for variant in self.declared_variants.values()))
        if len(groups) == 1:
            return self.declared
        return {key: member for group in reversed(groups) for key, member in group.items()}


class InputField(FormField, VariantHolder):
    """A field whose value is sent: an input of an action, or a member of an object that one takes."""

    future: bool = word(
        default=False, description="Whether to warn about a time in the past, or more than ten years ahead."
    )
    requires: Key | list[Key] | dict[Key, list[JsonValue]] | None = word(
        default=None, description="Other inputs that must be given too, perhaps with one of the listed values."
    )
    conflicts_with: Key | list[Key] | None = word(default=None, description="Inputs that must not be given beside it.")
    join: Text | None = word(default=None, description="Send a list as one text, with this separator.")
    encode: Literal["uuid"] | None = word(
        default=None, description="Encode a path value twice when it begins with / or contains //."
    )
    wire: TimeForm | None = word(
        default=None, description="What a datetime is sent as: seconds or milliseconds since 1970, or its date in UTC."
    )
    unit: Unit | None = word(default=None, description="What a number counts: people may type 45m or 1h30m.")
    to: Text = word(description="Where the value goes.")
    adds: dict[str, JsonValue] = word(default={}, description="Constant values that go beside it, by place.")
    aliases: list[Key] = word(default=[], description="Other accepted spellings of its key.")
    was: list[Key] = word(default=[], description="Its earlier keys, which are accepted with a warning.")
    deprecated: Deprecation | None = word(
        default=None, description="That it should not be used any more; a value of it causes a warning."
    )

    @cached_property
    def members(self) -> dict[str, Member]:
        """What an object may hold, by key, in any of its variants; nothing for any other type."""
        return super().members if self.type in OBJECT_TYPES else {}

    @cached_property
    def location(self) -> RequestLocation:
        """Where the value goes."""
        return RequestLocation.parse(self.to)

    @cached_property
    def secret(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Whether its value, or a member's, must never be shown."""
        return any(field.type == "password" for field in walk_fields(self))

    @cached_property
    def required_inputs(self) -> dict[str, tuple[Any, ...] | None]:
        """The keys it requires, each with the accepted values, or None for any value."""
        if isinstance(self.requires, dict):
            return {key: tuple(values) for key, values in self.requires.items()}
        return dict.fromkeys(_to_tuple(self.requires))

    @cached_property
    def conflicting_inputs(self) -> tuple[str, ...]:
        """The keys that it conflicts with."""
        return _to_tuple(self.conflicts_with)


class Member(InputField):
    """A member of an object: a value at a place within it."""

    to: JsonPath = word(
        default=".",
        description="Its place in the object: a name or a.b, its key when absent; `.` for the object's own place.",
    )
    adds: dict[JsonPath, JsonValue] = word(default={}, description="Constant values beside it, by place in the object.")

    @cached_property
    def location(self) -> RequestLocation:
        """Where the value goes within the object, which stands in a body, as far as its checks are concerned."""
        return RequestLocation("body", parse_path(self.to))


class Input(InputField):
    """An input of an action, sent to one place of the request."""

    use: Key | None = word(
        default=None, description="An input of the manifest, whose words it has where it writes none of its own."
    )
    to: Place = word(
        description="Where the value goes: path.x, query.x, header.X, form.x, file.x, body, body.a.b or body.a.*"
    )
    adds: dict[Place, JsonValue] = word(default={}, description="Constant values that go beside it, by place.")

    @classmethod
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of an input that uses another, or has all words itself."""
        own_words = {"required": schema.pop("required"), "properties": dict.fromkeys(schema["properties"], True)}
        return {**schema, "if": {"required": ["use"]}, "else": own_words}


def place_members_by_key(written: Any) -> Any:
    """Return written members, each with its key as its place where it names none."""
    if not isinstance(written, dict):
        return written
    return {key: {"to": key, **member} if isinstance(member, dict) else member for key, member in written.items()}


def walk_fields(field: InputField) -> Iterator[InputField]:
    """Yield a field and everything that is declared below it, each once: a named type may name itself."""
    waiting, seen = [field], {id(field)}
    while waiting:
        one = waiting.pop()
        yield one
        holders = (one, *one.declared_variants.values()) if one.type in OBJECT_TYPES else ()
        below = [member for holder in holders for member in holder.declared.values() if id(member) not in seen]
        seen.update(map(id, below))
        waiting += below


def _to_tuple(keys: Any) -> tuple[str, ...]:
    if keys is None:
        return ()
    return (keys,) if isinstance(keys, str) else tuple(keys)


def _convert_choice(value: str, type_name: str) -> Any:
    if type_name in ("integer", "list of integer"):
        try:
            return int(value)
        except ValueError:
            return value
    if type_name == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return value
