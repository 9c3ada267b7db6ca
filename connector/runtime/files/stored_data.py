"""Validators of dataclasses that are stored as JSON, made of their annotations.

They are what pydantic would make. It takes longer to load than most calls, and these are read in each.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from pydantic_core import CoreConfig, SchemaValidator, core_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import CoreSchema

_PLAIN = {
    str: core_schema.str_schema(), int: core_schema.int_schema(), float: core_schema.float_schema(),
    bool: core_schema.bool_schema(), Any: core_schema.any_schema(),
}  # fmt: skip


def build_validator(kind: type, stored_names: Mapping[str, str] | None = None, *, strict: bool) -> SchemaValidator:
    """Return the validator of a dataclass, of which some fields are stored under other names.

    A strict one refuses what is no field, in the dataclasses within it too; else that is left out.
    """
    config = CoreConfig(extra_fields_behavior="forbid" if strict else "ignore")
    return SchemaValidator(_describe_dataclass(kind, config, stored_names or {}))


def _describe_dataclass(kind: type, config: CoreConfig, stored_names: Mapping[str, str]) -> CoreSchema:
    hints = get_type_hints(kind)
    described = [
        core_schema.dataclass_field(
            one.name,
            _describe_field(one, hints[one.name], config),
            kw_only=False,
            validation_alias=stored_names.get(one.name),
        )
        for one in fields(kind)
    ]
    args = core_schema.dataclass_args_schema(kind.__name__, described)
    names = [one.name for one in fields(kind)]
    return core_schema.dataclass_schema(kind, args, names, slots="__slots__" in vars(kind), config=config)


def _describe_field(field: Field[Any], hint: Any, config: CoreConfig) -> CoreSchema:
    schema = _describe(hint, config)
    if field.default is not MISSING:
        return core_schema.with_default_schema(schema, default=field.default)
    if field.default_factory is not MISSING:
        return core_schema.with_default_schema(schema, default_factory=field.default_factory)
    return schema


def _describe(hint: Any, config: CoreConfig) -> CoreSchema:
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return _describe_dataclass(hint, config, {})
    parts = [_describe(part, config) for part in get_args(hint) if part not in (NoneType, ...)]
    origin = get_origin(hint)
    if origin is UnionType:
        one = parts[0] if len(parts) == 1 else core_schema.union_schema(list(parts))
        return core_schema.nullable_schema(one) if NoneType in get_args(hint) else one
    if origin is dict:
        return core_schema.dict_schema(*parts)
    if origin is tuple:
        return core_schema.tuple_schema(parts, variadic_item_index=0)
    return _PLAIN[hint]
