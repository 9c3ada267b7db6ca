"""Words of the models of files: their defaults and limits, and the kinds of text and value that they share.

Nothing here loads pydantic before a file is validated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import pydantic
    from pydantic import GetCoreSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic_core import CoreSchema

    JsonValue: TypeAlias = pydantic.JsonValue
else:

    class JsonValue:
        """Any value of JSON."""

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
            import pydantic

            return handler.generate_schema(pydantic.JsonValue)


_REQUIRED: Any = object()


class Word:
    """A word of a model: its default, what it means, the name that a file has for it, and its limits."""

    __slots__ = ("alias", "default", "description", "limits")

    def __init__(
        self,
        default: Any = _REQUIRED,
        *,
        description: str | None = None,
        alias: str | None = None,
        limits: dict[str, float] | None = None,
    ) -> None:
        self.default, self.description, self.alias, self.limits = default, description, alias, limits or {}

    def is_required(self) -> bool:
        """Whether a file must have it."""
        return self.default is _REQUIRED

    def build_field(self) -> FieldInfo:
        """Return it as pydantic has it."""
        import pydantic

        default = {} if self.is_required() else {"default": self.default}
        field: Any = pydantic.Field
        built: FieldInfo = field(description=self.description, alias=self.alias, **default, **self.limits)
        return built


def word(*, default: Any = _REQUIRED, description: str | None = None, alias: str | None = None, **limits: float) -> Any:
    """Declare a word of a model; the limits are pydantic's: gt, ge, le, min_length."""
    return Word(default, description=description, alias=alias, limits=limits)


class TextForm:
    """What a text must be, beside `str` in an annotation; with a check, the pattern only tells editors of it."""

    __slots__ = ("check", "min_length", "pattern")

    def __init__(
        self, pattern: str | None = None, *, min_length: int | None = None, check: Callable[[str], str] | None = None
    ) -> None:
        self.pattern, self.min_length, self.check = pattern, min_length, check

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return it as pydantic has it."""
        from pydantic import AfterValidator, StringConstraints, WithJsonSchema

        if self.check is None:
            constraints = StringConstraints(pattern=self.pattern, min_length=self.min_length)
            return handler.generate_schema(Annotated[source, constraints])
        told = WithJsonSchema({"type": "string", "minLength": self.min_length, "pattern": self.pattern})
        constraints = StringConstraints(min_length=self.min_length)
        return handler.generate_schema(Annotated[source, constraints, AfterValidator(self.check), told])


Key = Annotated[str, TextForm(r"^[A-Za-z][A-Za-z0-9_]*$")]
Text = Annotated[str, TextForm(min_length=1)]
