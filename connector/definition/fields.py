"""The words that both kinds of file share: how models behave, and what an input may say."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1)]
Number = int | float

InputType = Literal[
    "string", "text", "password", "integer", "number", "boolean", "datetime", "date", "json", "file",
    "list of string", "list of integer", "map of string", "pairs",
]  # fmt: skip
TextFormat = Literal["digits", "email", "url", "timezone", "uuid"]


class StrictModel(BaseModel):
    """A part of a file: frozen, strict, and closed to words it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class RequestLocation(NamedTuple):
    """Where a value goes: the part of the request, the path inside it, and whether it is spread there."""

    part: str
    path: tuple[str, ...] = ()
    spread: bool = False

    @classmethod
    def parse(cls, to: str) -> RequestLocation:
        """Read a `to:` text such as `body.settings.audio`, `body.settings.*` or `path.userId`."""
        part, *path = to.split(".")
        spread = bool(path) and path[-1] == "*"
        return cls(part, tuple(path[:-1] if spread else path), spread)

    def __str__(self) -> str:
        return ".".join((self.part, *self.path, *(["*"] if self.spread else [])))


class ChoicesFrom(StrictModel):
    """Live choices: run an action, read its items, take one field as value and one as label."""

    action: Key
    items: Text
    value: Text
    label: Text


class FormField(StrictModel):
    """One field of a form: what connections and triggers ask for; an action's input says more."""

    label: Text = Field(description="The field's name in a form.")
    help: Text = Field(description="One sentence: what to enter.")
    group: Text | None = Field(default=None, description="The heading it stands under.")
    type: InputType = Field(description="What kind of value it takes.")
    required: bool = Field(default=False, description="A run without it is refused.")
    default: JsonValue = Field(default=None, description="Applied, and sent, when it is not given.")
    suggest: JsonValue = Field(default=None, description="Shown in the form; sent only when chosen.")
    hidden: bool = Field(default=False, description="Left out of forms unless asked for.")
    choices: dict[str, str] | None = Field(default=None, description="The values it takes, each with its meaning.")
    allow_other: bool = Field(default=False, description="Other values pass too.")
    choices_from: ChoicesFrom | None = Field(default=None, description="An action that lists the choices.")
    choices_file: Text | None = Field(default=None, description="A file of many choices in schemas/choices/.")
    min: Number | None = Field(default=None, description="Least value; of a text or list, least length.")
    max: Number | None = Field(default=None, description="Largest value; of a text or list, largest length.")
    pattern: Text | None = Field(default=None, description="A regular expression the text must match (linear).")
    format: TextFormat | None = Field(default=None, description="A named check with its own message and clean-up.")
    example: JsonValue = Field(default=None, description="One value that passes.")

    @property
    def has_default(self) -> bool:
        """Whether a default is written, `null` included."""
        return "default" in self.model_fields_set

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown."""
        return self.type == "password"

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return self.type.startswith("list of ")

    @cached_property
    def typed_choices(self) -> dict[Any, str]:
        """The choices with each value in the input's own type (those that do not fit stay text)."""
        return {_convert_choice(value, self.type): label for value, label in (self.choices or {}).items()}


class Input(FormField):
    """An input of an action: asked once, sent to one place."""

    future: bool = Field(
        default=False, description="A time that should lie ahead: a result warns of one in the past, or far away."
    )
    requires: Key | list[Key] | dict[Key, list[JsonValue]] | None = Field(
        default=None, description="Other inputs that must be there too (all of them; or with one of these values)."
    )
    conflicts_with: Key | list[Key] | None = Field(default=None, description="Inputs it excludes.")
    join: Text | None = Field(default=None, description="Send a list as one text with this between its items.")
    encode: Literal["uuid"] | None = Field(
        default=None, description="Encode a path value twice when it begins with / or contains //."
    )
    to: Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[^.\s]+)*$")] = Field(
        description="The place: path.x, query.x, header.X, form.x, file.x, body, body.a.b or body.a.*"
    )
    aliases: list[Key] = Field(default=[], description="Other spellings that are accepted.")

    @cached_property
    def location(self) -> RequestLocation:
        """Where the value goes."""
        return RequestLocation.parse(self.to)

    @cached_property
    def required_inputs(self) -> dict[str, tuple[Any, ...] | None]:
        """The keys it needs, each with the values that will do, or None when any will."""
        if isinstance(self.requires, dict):
            return {key: tuple(values) for key, values in self.requires.items()}
        return dict.fromkeys(_to_tuple(self.requires))

    @cached_property
    def conflicting_inputs(self) -> tuple[str, ...]:
        """The keys it excludes."""
        return _to_tuple(self.conflicts_with)


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
