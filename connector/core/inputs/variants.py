"""Variants of an object: which of them was given, or sent.

A variant whose `when` names values of common members is the one where these hold. Without `when`, it is the one whose
own members are there: some of them, all that it requires, and none of another variant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.invalid_value import InvalidValue
from connector.core.json_path import get_at
from connector.definition.inputs.input_group import describe_variants
from connector.definition.inputs.spellings import index_spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.definition.fields import InputField, Member, Variant


def choose_variant(field: InputField, given: Mapping[str, Any], read_tag: Callable[[str, Any], Any]) -> Variant | None:
    """Return the variant that was given; None where what tells variants apart is missing or wrong itself.

    `read_tag` returns the value of a common member, as it is sent. Raises InvalidValue where no variant fits, or two.
    """
    variants = list(field.declared_variants.values())
    if any(variant.when for variant in variants):
        return _choose_by_tag(field, variants, given, read_tag)
    return _choose_by_members(field, variants, {str(name) for name in given})


def _choose_by_tag(
    field: InputField, variants: list[Variant], given: Mapping[str, Any], read_tag: Callable[[str, Any], Any]
) -> Variant | None:
    tags = dict.fromkeys(key for variant in variants for key in variant.when or ())
    key_by_spelling = index_spellings(field.declared)
    given_tags = {key_by_spelling.get(str(spelling)): value for spelling, value in given.items()}
    try:
        values = {key: read_tag(key, given_tags.get(key)) for key in tags}
    except InvalidValue:
        return None
    return next((variant for variant in variants if _is_tagged(variant, values)), None)


def _is_tagged(variant: Variant, values: Mapping[str, Any]) -> bool:
    return variant.when is not None and all(
        any(values.get(key) == one and isinstance(values.get(key), bool) == isinstance(one, bool) for one in accepted)
        for key, accepted in variant.when.items()
    )


def _choose_by_members(field: InputField, variants: list[Variant], names: set[str]) -> Variant:
    spellings = [index_spellings(variant.declared) for variant in variants]
    given = [{keys[name] for name in names & keys.keys()} for keys in spellings]  # the own members of each
    own_names = names & {name for keys in spellings for name in keys}
    touched = [variant for variant, keys in zip(variants, given, strict=True) if keys]
    if len(touched) == 1:
        return touched[0]
    whole = [
        (variant, keys)
        for variant, spelled, keys in zip(variants, spellings, given, strict=True)
        if keys and own_names <= spelled.keys()
    ]
    complete = [variant for variant, keys in whole if keys >= list_required(variant)]
    if len(complete) == 1:
        return complete[0]
    if not complete and len(whole) == 1:
        return whole[0][0]
    expected = f"the members of one of {describe_variants(field)}"
    if not own_names:
        raise InvalidValue(expected, "give those of one")
    labels = " and ".join(variant.label for variant in touched)
    raise InvalidValue(expected, f"{', '.join(sorted(own_names))} are of {labels}; give those of one")


def list_required(variant: Variant) -> set[str]:
    """Return the keys of a variant's own members that must be given."""
    return {key for key, member in variant.declared.items() if member.required}


def list_sent_members(field: InputField, sent: Any) -> Mapping[str, Member]:
    """Return the members that an object, as it is sent, may have: the common ones and those of its variant."""
    variants = list(field.declared_variants.values())
    if not variants:
        return field.members
    values = {key: get_at(sent, member.location.path) for key, member in field.declared.items()}
    tagged = [variant for variant in variants if _is_tagged(variant, values)]
    chosen = tagged[0] if tagged else max(variants, key=lambda variant: _rate_fit(variant, sent))
    return {**field.declared, **chosen.declared}


def _rate_fit(variant: Variant, sent: Any) -> tuple[bool, int]:
    """Return how well an object fits a variant: whether all is there that it requires, and how much of it there is."""
    if variant.when:
        return False, -1
    there = {key for key, member in variant.declared.items() if get_at(sent, member.location.path) is not None}
    return bool(there) and there >= list_required(variant), len(there)
