"""The base of the models of files: plain classes, which pydantic sees where a file is validated.

Making the classes costs next to nothing, and neither does a model of what was validated before. For a validation each
class gets a twin of pydantic, and what the twin accepts becomes a model of the class.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, dataclass_transform, get_type_hints

from connector.definition.validation.words import Word, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_ROOT = "root"
_TWINS: dict[Any, type[BaseModel]] = {}  # by the model
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(word,))
class StrictModel:
    """Base of all models of a file: frozen, strict, without unknown keys.

    An instance has what was written, and its class has defaults for the rest. A file of names has one word, `root`.
    """

    model_fields: ClassVar[dict[str, Word]] = {}

    def __init_subclass__(cls) -> None:
        own: dict[str, Word] = {}
        for name in cls.__annotations__:
            default = cls.__dict__.get(name)
            own[name] = default if isinstance(default, Word) else Word(*([default] if name in cls.__dict__ else []))
            if not own[name].is_required():
                setattr(cls, name, own[name].default)
            elif name in cls.__dict__:
                delattr(cls, name)
        bases = reversed(cls.__mro__[1:])
        inherited = [base.model_fields for base in bases if issubclass(base, StrictModel)]
        cls.model_fields = {name: item for fields in (*inherited, own) for name, item in fields.items()}

    def __init__(self, **words: Any) -> None:
        unknown = sorted(words.keys() - self.model_fields.keys())
        missing = [name for name, item in self.model_fields.items() if item.is_required() and name not in words]
        if unknown or missing:
            raise TypeError(f"{type(self).__name__} has no words {unknown}, and needs the words {missing}")
        vars(self).update(words)

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> Self:
        """Return the model of words that are valid already."""
        model = cls.__new__(cls)
        vars(model).update(words)
        return model

    @classmethod
    def model_validate(cls, written: Any) -> Self:
        """Return the model of what a file says. Raises pydantic's ValidationError."""
        model: Self = build_adapter(cls).validate_python(written)
        return model

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return what is written with its short forms written out, before it is validated."""
        return written

    def check_words(self) -> None:
        """Raise ValueError for words that are valid, but not together."""

    @classmethod
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema of what may be written, from that of the words."""
        return schema

    @property
    def model_fields_set(self) -> set[str]:
        """The words that are written."""
        return vars(self).keys() & self.model_fields.keys()

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Return a copy with other values of some words."""
        return self.from_words({**vars(self), **update})

    def model_dump(
        self, *, exclude_unset: bool = False, exclude_none: bool = False, by_alias: bool = False
    ) -> dict[str, Any]:
        """Return its words as JSON has them."""
        how = {"exclude_unset": exclude_unset, "exclude_none": exclude_none, "by_alias": by_alias}
        return {
            (item.alias if by_alias else None) or name: _dump(getattr(self, name), how)
            for name, item in self.model_fields.items()
            if not (exclude_unset and name not in vars(self)) and not (exclude_none and getattr(self, name) is None)
        }

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        twin = handler.generate_schema(_find_twin(cls))
        return core_schema.no_info_after_validator_function(partial(_adopt, cls), twin)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} is frozen: its {name} cannot change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} is frozen: its {name} cannot go")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.model_fields)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.model_fields)))

    def __repr__(self) -> str:
        words = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.model_fields if name in vars(self))
        return f"{type(self).__name__}({words})"


def _dump(value: Any, how: Mapping[str, bool]) -> Any:
    if isinstance(value, StrictModel):
        return value.model_dump(**how)
    if isinstance(value, dict):
        return {key: _dump(item, how) for key, item in value.items()}
    return [_dump(item, how) for item in value] if isinstance(value, list) else value


def build_adapter(model: type[StrictModel]) -> TypeAdapter[Any]:
    """Return what validates a model and describes it."""
    from pydantic import TypeAdapter

    if model not in _ADAPTERS:
        _ADAPTERS[model] = TypeAdapter(model)
    return _ADAPTERS[model]


def read_annotations(model: type[StrictModel]) -> dict[str, Any]:
    """Return what a model's words may be."""
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


def _adopt(model: type[StrictModel], twin: BaseModel) -> StrictModel:
    """Return the model of what its twin accepted."""
    written = twin.model_fields_set
    adopted = model.from_words({name: value for name, value in vars(twin).items() if name in written})
    adopted.check_words()
    return adopted


def _find_twin(model: type[StrictModel]) -> type[BaseModel]:
    if model not in _TWINS:
        _TWINS[model] = _build_twin(model)
    return _TWINS[model]


def _build_twin(model: type[StrictModel]) -> type[BaseModel]:
    """Return the model of pydantic that validates the words of a model."""
    from pydantic import ConfigDict, RootModel, create_model, model_validator

    words: dict[str, Any] = {
        name: (hint, model.model_fields[name].build_field()) for name, hint in read_annotations(model).items()
    }
    bases: list[Any] = [_make_describer(model)] if _has_own(model, "describe_schema") else []
    if _ROOT in words:
        bases.append(RootModel.__class_getitem__(words.pop(_ROOT)[0]))
    else:
        bases.append(create_model("Strict", __config__=ConfigDict(strict=True, extra="forbid", populate_by_name=True)))
    validators: dict[str, Any] = {}
    if _has_own(model, "complete_written"):
        complete: Any = classmethod(lambda _, written: model.complete_written(written))
        validators["complete"] = model_validator(mode="before")(complete)
    twin: type[BaseModel] = create_model(
        model.__name__,
        __base__=tuple(bases),
        __doc__=model.__doc__,
        __module__=model.__module__,
        __validators__=validators,
        __cls_kwargs__={"defer_build": True},
        **words,
    )
    return twin


def _has_own(model: type[StrictModel], name: str) -> bool:
    """Whether a model has a class method of its own."""
    return getattr(model, name).__func__ is not getattr(StrictModel, name).__func__


def _make_describer(model: type[StrictModel]) -> type:
    class _Describer:
        @classmethod
        def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
            return model.describe_schema(handler.resolve_ref_schema(handler(schema)))

    return _Describer
