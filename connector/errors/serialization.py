"""Errors as JSON-safe data and back; the annotated attributes of a class are its facts."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

_ErrorClass = Any  # mypy takes no class as the key of a cache
_LARGE_ATTRIBUTES = ("debug", "result")


def _read_hints(error_class: _ErrorClass) -> dict[str, Any]:
    return get_type_hints(error_class, localns={"datetime": datetime})


@cache
def _list_facts(error_class: _ErrorClass) -> dict[str, str]:
    """Return the attributes of a class by their keys in its data."""
    names = [name for name in _read_hints(error_class) if name not in _LARGE_ATTRIBUTES]
    return {"said" if name == "message" else name: name for name in names}


def collect_facts(error: Exception) -> dict[str, Any]:
    """Return the attributes of an error as JSON-safe data."""
    error_class: _ErrorClass = type(error)
    return {key: _to_json_safe(getattr(error, name)) for key, name in _list_facts(error_class).items()}


def _to_json_safe(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [asdict(entry) if is_dataclass(entry) and not isinstance(entry, type) else entry for entry in value]
    return value


def read(data: Any, classes: Sequence[_ErrorClass]) -> tuple[_ErrorClass, dict[str, Any]]:
    """Return the class and the attributes of an error from its data; the first class is the base of all.

    Raises ValueError with everything that is wrong.
    """
    try:
        data = dict(data)
        error_class = _find_class(data, classes)
        facts = _list_facts(error_class)
        known = {key: data[key] for key in ("type", "message", *facts) if key in data}
        checked = _build_model(error_class).model_validate_json(json.dumps(known), strict=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"Not the data of an error: {_explain(error)}.") from None
    return error_class, {name: getattr(checked, key) for key, name in facts.items() if key in data}


def _find_class(data: Mapping[str, Any], classes: Sequence[_ErrorClass]) -> _ErrorClass:
    """Return the class that data names; else the one with the most of its keys, a base before its subclasses."""
    shared_keys = _list_facts(classes[0]).keys()

    def count_own_keys(error_class: _ErrorClass) -> int:
        own_keys = _list_facts(error_class).keys() - shared_keys
        return len(own_keys) if own_keys <= data.keys() else -1

    same_name = (one for one in classes if one.__name__ == data.get("type"))
    return next(same_name, None) or max(classes, key=count_own_keys)


@cache
def _build_model(error_class: _ErrorClass) -> type[BaseModel]:
    from pydantic import AwareDatetime, create_model

    aware_datetime: Any = AwareDatetime
    hints = {**_read_hints(error_class), "retry_at": aware_datetime | None}
    fields: dict[str, Any] = {
        key: (hints[name], getattr(error_class, name)) for key, name in _list_facts(error_class).items()
    }
    return create_model(error_class.__name__, type=(str, ...), message=(str, ...), **fields)


def _explain(error: Exception) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return f"it is no mapping of JSON values ({error})"
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in details)
