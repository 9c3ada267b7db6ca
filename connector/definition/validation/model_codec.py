"""Models of files as JSON: what was written, and the model of each mapping that is one."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from connector.definition.validation.strict_model import StrictModel

_PACKAGE = __name__.partition(".")[0]
_MODEL = "\0"  # the key that tells the model of a mapping; no file has it but to try


def encode_model(model: StrictModel) -> bytes | None:
    """Return a model as JSON; None for one of which a mapping has that key itself."""
    classes: dict[type[StrictModel], int] = {}
    try:
        data = _tag(model, classes)
    except ValueError:
        return None
    names = [f"{one.__module__}:{one.__name__}" for one in classes]
    return json.dumps([names, data], separators=(",", ":")).encode()


def decode_model(text: bytes) -> StrictModel | None:
    """Return the model of `encode_model`; None for anything else."""
    try:
        names, data = json.loads(text)
        classes = [_find_class(name) for name in names]
        model = _untag(data, classes)
    except (AttributeError, ImportError, LookupError, RecursionError, TypeError, ValueError):
        return None
    return model if isinstance(model, StrictModel) else None


def _tag(value: Any, classes: dict[type[StrictModel], int]) -> Any:
    if isinstance(value, StrictModel):
        written = {name: _tag(item, classes) for name, item in vars(value).items() if name in value.model_fields}
        return {_MODEL: classes.setdefault(type(value), len(classes)), **written}
    if isinstance(value, dict):
        if _MODEL in value:
            raise ValueError("a key of models")
        return {key: _tag(item, classes) for key, item in value.items()}
    return [_tag(item, classes) for item in value] if isinstance(value, list) else value


def _untag(value: Any, classes: list[type[StrictModel]]) -> Any:
    if isinstance(value, dict):
        index = value.pop(_MODEL, None)
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                value[key] = _untag(item, classes)
        return value if index is None else classes[index].from_words(value)
    if isinstance(value, list):
        return [_untag(item, classes) if isinstance(item, (dict, list)) else item for item in value]
    return value


def _find_class(name: str) -> type[StrictModel]:
    module, _, own_name = name.partition(":")
    found = getattr(import_module(module), own_name) if module.startswith(f"{_PACKAGE}.") else None
    if isinstance(found, type) and issubclass(found, StrictModel):
        return found
    raise LookupError(name)
