"""Changes of the fields of a form: inputs of actions, connections and triggers, and members of objects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.changes.change import WordChange, compare_mappings, describe_change
from connector.definition.fields import InputField
from connector.definition.inputs.spellings import index_spellings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.fields import FormField, MemberHolder, Variant, VariantHolder
    from connector.definition.loader import Connector
    from connector.definition.parsers.strict_yaml import NodePath

# A type that takes whatever each of these takes.
_WIDER_TYPES = {
    "string": ("text", "password"),
    "text": ("string", "password"),
    "password": ("string", "text"),
    "number": ("integer",),
    "list of number": ("list of integer",),
    "scalar": ("string", "text", "integer", "number", "boolean"),
    "map of scalar": ("map of string", "map of integer", "map of number", "map of boolean"),
    "json": ("object", "list of object", "map of object", "map of string"),
}
_TOLD_WORDS = ("to", "join", "encode", "wire", "unit", "adds", "deprecated")
_MAX_SHOWN_VALUES = 5  # of a list of choices
_CHECKED_WORDS = ("pattern", "format")


class Versions(NamedTuple):
    """The old and the new version of a connector; `within` are the members that are being compared, which may recur."""

    old: Connector
    new: Connector
    within: frozenset[tuple[int, int]] = frozenset()  # by their identity

    def enter(self, old: Mapping[str, FormField], new: Mapping[str, FormField]) -> Versions | None:
        """Return the versions within two groups of members, or None where they are being compared already."""
        pair = id(old), id(new)
        return None if pair in self.within else self._replace(within=self.within | {pair})


def compare_fields(
    path: NodePath, old: Mapping[str, FormField], new: Mapping[str, FormField], versions: Versions
) -> Iterator[WordChange]:
    """Yield the changes of a group of fields; one that is renamed is found by its earlier keys and aliases."""
    spellings = index_spellings({key: field for key, field in new.items() if isinstance(field, InputField)})
    followed = set()
    for key, field in old.items():
        successor = key if key in new else spellings.get(key)
        if successor is None:
            yield WordChange((*path, key), is_breaking=True, message=f"input {key!r} is gone.", in_old=True)
            continue
        followed.add(successor)
        if successor != key:
            message = f"input {key!r} is called {successor!r} now; the old name is still taken."
            yield WordChange((*path, successor), is_breaking=False, message=message)
        for difference in compare_field((*path, successor), field, new[successor], versions):
            yield difference._replace(message=f"{successor}: {difference.message}")
    for key, field in new.items():
        if key in followed:
            continue
        is_needed = field.required and not field.has_default
        note = "required, and new: calls without it fail" if is_needed else "new"
        yield WordChange((*path, key), is_breaking=is_needed, message=f"input {key!r} is {note}.")


def compare_field(path: NodePath, old: FormField, new: FormField, versions: Versions) -> Iterator[WordChange]:
    """Yield the changes of one field."""
    if old.type != new.type:
        is_wider = old.type in _WIDER_TYPES.get(new.type, ())
        yield WordChange((*path, "type"), not is_wider, describe_change("type", old.type, new.type))
    yield from _compare_need(path, old, new)
    yield from _compare_choices(path, old, new, versions)
    yield from _compare_limits(path, old, new)
    for word in _CHECKED_WORDS:
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            yield _build(path, word, before, after, is_breaking=after is not None)
    if isinstance(old, InputField) and isinstance(new, InputField):
        yield from _compare_input_words(path, old, new)
        if not (_is_of_type(old) and _is_of_type(new) and old.type_name == new.type_name):
            yield from compare_objects(path, old, new, versions)
    elif getattr(old, "to", None) != getattr(new, "to", None):
        yield _build(path, "to", getattr(old, "to", None), getattr(new, "to", None), is_breaking=False)


def _is_of_type(field: InputField) -> bool:
    """Whether all that an object holds is that of a named type, whose changes are told once, where it stands."""
    return field.type_name is not None and not field.variants


def compare_objects(path: NodePath, old: VariantHolder, new: VariantHolder, versions: Versions) -> Iterator[WordChange]:
    """Yield the changes of what an object or a type holds: its members, and those of each of its variants."""
    before, after = old.declared_variants, new.declared_variants
    if before and after:
        yield from _compare_members(path, old, new, versions)
        compare_variant = partial(_compare_variants, versions=versions)
        yield from compare_mappings((*path, "variants"), before, after, "variant", compare_variant)
        return
    if after:
        message = f"takes the members of one of {', '.join(after)} only."
        yield WordChange((*path, "variants"), bool(old.members), message)
    elif before:
        message = "has no variants any more."
        yield WordChange((*path, "variants"), is_breaking=False, message=message, in_old=True)
    inner = versions.enter(old.members, new.members)
    if not before and not after:
        yield from _compare_members(path, old, new, versions)
    elif inner is not None:
        yield from compare_fields((*path, "fields"), old.members, new.members, inner)


def _compare_variants(path: NodePath, old: Variant, new: Variant, versions: Versions) -> Iterator[WordChange]:
    if old.when != new.when:
        kept = (old.when is not None or new.when is None) and all(
            key in (old.when or {}) and all(value in values for value in (old.when or {})[key])
            for key, values in (new.when or {}).items()
        )
        yield _build(path, "when", old.when, new.when, is_breaking=not kept)
    yield from _compare_members(path, old, new, versions)


def _compare_members(path: NodePath, old: MemberHolder, new: MemberHolder, versions: Versions) -> Iterator[WordChange]:
    """Yield the changes of declared members; those of a named type of one name are changes of that type."""
    inner = versions.enter(old.declared, new.declared)
    if inner is not None and (old.type_name is None or old.type_name != new.type_name):
        yield from compare_fields((*path, "fields"), old.declared, new.declared, inner)


def _build(path: NodePath, word: str, before: Any, after: Any, *, is_breaking: bool) -> WordChange:
    """Return the difference of a word, at its line in the version that has it."""
    is_gone = after is None or after in ((), [], "", {})
    return WordChange((*path, word), is_breaking, describe_change(word, before, after), in_old=is_gone)


def _compare_need(path: NodePath, old: FormField, new: FormField) -> Iterator[WordChange]:
    if old.required != new.required:
        is_breaking = new.required and not new.has_default
        message = "is required now." if new.required else "is optional now."
        yield WordChange((*path, "required"), is_breaking, message, in_old=not new.required)
    before = old.default if old.has_default else None
    after = new.default if new.has_default else None
    if before != after:  # a call that does not give it sends something else
        yield _build(path, "default", before, after, is_breaking=True)


def _compare_choices(path: NodePath, old: FormField, new: FormField, versions: Versions) -> Iterator[WordChange]:
    before, after = _load_choices(old, versions.old), _load_choices(new, versions.new)
    word = "choices" if new.choices is not None or not new.choices_file else "choices_file"
    is_open_now = new.allow_other or not after
    removed = [value for value in before if value not in after]
    if not before and after:
        yield WordChange((*path, word), not new.allow_other, f"takes {len(after)} listed values only." if not
                         new.allow_other else "lists choices now.")  # fmt: skip
    elif before and not after:
        yield WordChange((*path, word), is_breaking=False, message="lists no choices any more.", in_old=True)
    elif removed:
        message = f"no longer lists {_format_values(removed)}."
        yield WordChange((*path, word), not is_open_now, message)
    added = [value for value in after if value not in before] if before else []
    if added:
        message = f"lists {_format_values(added)} too."
        yield WordChange((*path, word), is_breaking=False, message=message)
    if before and after and old.allow_other and not new.allow_other:
        yield WordChange((*path, "allow_other"), is_breaking=True, message="takes listed values only.", in_old=True)


def _format_values(values: list[str]) -> str:
    rest = f" and {len(values) - _MAX_SHOWN_VALUES} more" if len(values) > _MAX_SHOWN_VALUES else ""
    return ", ".join(map(repr, values[:_MAX_SHOWN_VALUES])) + rest


def _load_choices(field: FormField, connector: Connector) -> Mapping[str, str]:
    return field.choices or (connector.choices(field.choices_file) if field.choices_file else {})


def _compare_limits(path: NodePath, old: FormField, new: FormField) -> Iterator[WordChange]:
    for word, sign in (("min", 1), ("max", -1)):
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            is_narrower = after is not None and (before is None or (after - before) * sign > 0)
            yield _build(path, word, before, after, is_breaking=is_narrower)


def _compare_input_words(path: NodePath, old: InputField, new: InputField) -> Iterator[WordChange]:
    lost = [alias for alias in old.aliases if alias not in (*new.aliases, *new.was)]
    if lost:
        message = f"is not taken as {', '.join(lost)} any more."
        yield WordChange((*path, "aliases"), is_breaking=True, message=message, in_old=not new.aliases)
    for other, values in new.required_inputs.items():
        earlier = old.required_inputs.get(other, ())
        if earlier == () or (values is not None and (earlier is None or not set(earlier) <= set(values))):
            yield WordChange((*path, "requires"), is_breaking=True, message=f"requires {other!r} where it did not.")
    for other in new.conflicting_inputs:
        if other not in old.conflicting_inputs:
            yield WordChange((*path, "conflicts_with"), is_breaking=True, message=f"conflicts with {other!r} now.")
    for word in _TOLD_WORDS:
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            yield _build(path, word, _show(before), _show(after), is_breaking=False)


def _show(value: Any) -> Any:
    return value.describe() if hasattr(value, "describe") else value
