"""The words of the format, as its models declare them; and the words of a connector's files."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

from connector.definition.action import Action
from connector.definition.manifest import Manifest
from connector.definition.validation.strict_model import StrictModel, read_annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.loader import Connector


class Word(NamedTuple):
    """A word, or one of the values that it is chosen from, by the model that declares it first."""

    model: str
    name: str
    value: Any = None

    def __str__(self) -> str:
        return f"{self.model}.{self.name}" + ("" if self.value is None else f": {self.value}")


def list_words(*, optional: bool = False) -> list[Word]:
    """Return every word with its values; or only those that may be left out, without values."""
    words: dict[Word, None] = {}
    for model in list_models(Manifest) | list_models(Action):
        for field, info in model.model_fields.items():
            word = Word(_find_owner(model, field), info.alias or field)
            if optional and info.is_required():
                continue
            words[word] = None
            for value in () if optional else _list_values(read_annotations(model)[field]):
                if value != info.default:  # who says nothing says this
                    words[word._replace(value=value)] = None
    return list(words)


def iter_used(connector: Connector) -> Iterator[Word]:
    """Yield the words and values that the files of a connector say, once or oftener."""
    for file in (connector.manifest, *connector.actions()):
        yield from _iter_used(file)


def _iter_used(value: Any) -> Iterator[Word]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _iter_used(item)
    if not isinstance(value, StrictModel):
        return
    for field in value.model_fields_set:
        info, said = type(value).model_fields[field], getattr(value, field)
        word = Word(_find_owner(type(value), field), info.alias or field)
        yield word
        if isinstance(said, str | bool):
            yield word._replace(value=said)
        yield from _iter_used(said)


def list_models(model: type[StrictModel], found: dict[type[StrictModel], None] | None = None) -> dict[Any, None]:
    """Return a model, and those that stand in it."""
    found = {} if found is None else found
    if model not in found:
        found[model] = None
        for annotation in read_annotations(model).values():
            for part in _walk_annotation(annotation):
                if isinstance(part, type) and issubclass(part, StrictModel):
                    list_models(part, found)
    return found


def _list_values(annotation: Any) -> list[Any]:
    return [value for part in _walk_annotation(annotation) if get_origin(part) is Literal for value in get_args(part)]


def _walk_annotation(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation) if get_origin(annotation) is not Literal else ():
        yield from _walk_annotation(part)


def _find_owner(model: type, field: str) -> str:
    """Return the name of the class that declares a field first: `Input` and `Member` have the words of one model."""
    return next(one.__name__ for one in reversed(model.__mro__) if field in inspect.get_annotations(one))
