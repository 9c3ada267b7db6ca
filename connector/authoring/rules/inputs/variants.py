"""Rules of variants: an object is always one of them, and never two."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import FieldRef, iter_fields
from connector.authoring.rules.inputs.named_types import get_written_types
from connector.authoring.rules.inputs.values import coerce_value
from connector.core.inputs.variants import list_required
from connector.core.invalid_value import InvalidValue
from connector.definition.fields import OBJECT_TYPES, InputField
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.fields import Variant, VariantHolder
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "variants"


def check_variants(file: ParsedFile[Any], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check the variants of every object of a file."""
    for ref in iter_fields(file):
        field = ref.definition
        if not isinstance(field, InputField) or field.variants is None:
            continue
        if field.type in OBJECT_TYPES:
            yield from _check_holder(_Holder(ref.path, field, ref.action), folder)
        else:
            message = f"`variants` are for {', '.join(OBJECT_TYPES)}, not for {field.type}."
            yield ref.fail("variants", "no-effect", message)
    types, start = get_written_types(file)
    for name, one in types.items():
        if one.variants is not None:
            yield from _check_holder(_Holder((*start, name), one), folder)


class _Holder(NamedTuple):
    """An object or a type with variants, its path in the file, and its action, where it has one."""

    path: NodePath
    definition: VariantHolder
    action: Action | None = None

    def fail(self, message: str) -> Violation:
        return Violation((*self.path, "variants"), RULE, message, key=True)


def _check_holder(holder: _Holder, folder: ConnectorFolder) -> Iterator[Violation]:
    variants = holder.definition.variants or {}
    yield from _check_keys(holder)
    tagged = [key for key, variant in variants.items() if variant.when]
    if len(variants) <= 1:
        yield holder.fail("one variant is no choice; put its fields beside the common ones.")
    elif tagged and len(tagged) < len(variants):
        first = next(key for key, variant in variants.items() if not variant.when)
        message = f"{first!r} has no `when`, as the others have; say which values it goes with."
        yield Violation((*holder.path, "variants", first), RULE, message, key=True)
    elif tagged:
        yield from _check_tags(holder, folder)
    else:
        yield from _check_members(holder)


def _check_keys(ref: _Holder) -> Iterator[Violation]:
    field = ref.definition
    for name, variant in (field.variants or {}).items():
        for key in variant.declared.keys() & field.declared.keys():
            message = f"{key!r} is a common field of the object already."
            yield Violation((*ref.path, "variants", name, "fields", key), RULE, message, key=True)


def _check_tags(ref: _Holder, folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that tags are common fields that are always there, whose values each lead to one variant."""
    field = ref.definition
    variants = field.variants or {}
    used = dict[str, list[Any]]()
    for name, variant in variants.items():
        for key, values in (variant.when or {}).items():
            path = (*ref.path, "variants", name, "when", key)
            if key not in field.declared:
                message = f"there is no common field {key!r}.{did_you_mean(key, field.declared)}"
                yield Violation(path, RULE, message, key=True)
                continue
            used.setdefault(key, []).extend(values)
            tag = FieldRef(path, key, field.declared[key], ref.action)
            for index, value in enumerate(values if tag.is_checkable else ()):
                yield from _check_value(tag, value, index, folder)
    for key in used:
        tag_field = field.declared[key]
        if not (tag_field.required or tag_field.has_default):
            message = f"{key!r} says which variant an object is; make it required, or give it a default."
            yield ref.fail(message)
        if tag_field.hidden:
            message = f"{key!r} says which variant an object is, so no form can leave it out; remove its `hidden`."
            yield ref.fail(message)
        missing = [value for value in tag_field.typed_choices if value not in used[key]]
        if missing and len(used) == 1:
            message = (
                f"no variant is for {key} {', '.join(map(repr, missing))}; add one, if only with a label and `when`."
            )
            yield ref.fail(message)
    for (name, one), (other_name, other) in combinations(variants.items(), 2):
        if _may_both_hold(one, other):
            message = f"{other_name!r} holds for values that {name!r} is for."
            yield Violation((*ref.path, "variants", other_name, "when"), RULE, message, key=True)


def _check_value(tag: FieldRef, value: Any, index: int, folder: ConnectorFolder) -> Iterator[Violation]:
    try:
        sent = coerce_value(tag, value, folder)
    except InvalidValue as invalid:
        message = f"{tag.key!r} is never {value!r}; it must be {invalid.expected}."
        yield Violation((*tag.path, index), RULE, message)
        return
    if sent != value:
        yield Violation((*tag.path, index), RULE, f"{tag.key!r} is never {value!r}; write {sent!r}.")


def _may_both_hold(one: Variant, other: Variant) -> bool:
    left, right = one.when or {}, other.when or {}
    return all(any(value in right[key] for value in left[key]) for key in left.keys() & right.keys())


def _check_members(ref: _Holder) -> Iterator[Violation]:
    """Check that each variant has members of its own, by which it can be told from every other."""
    variants = ref.definition.variants or {}
    for name, variant in variants.items():
        if not variant.declared:
            message = f"{name!r} has neither fields nor `when`, so nothing says that an object is one."
            yield Violation((*ref.path, "variants", name), RULE, message, key=True)
    for (name, one), (other_name, other) in combinations(variants.items(), 2):
        shared = one.declared.keys() & other.declared.keys()
        if shared and list_required(one) | list_required(other) <= shared:
            message = (
                f"{', '.join(sorted(shared))} may be an object of {name!r} and of {other_name!r}; tell them apart."
            )
            yield Violation((*ref.path, "variants", other_name), RULE, message, key=True)
