"""Rules of named types: they exist, are used, and have an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import iter_fields
from connector.definition.action import Action
from connector.definition.fields import InputField
from connector.definition.folders.parts import TYPES_FILE
from connector.definition.inputs.named_types import TypesFile, has_endless_default
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.fields import MemberHolder, VariantHolder
    from connector.definition.inputs.named_types import NamedType
    from connector.definition.parsers.strict_yaml import NodePath


def check_known_types(file: ParsedFile[Any], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the types that `fields` names are declared."""
    types = folder.manifest_or_blank.types
    for path, holder in _iter_holders(file):
        name = holder.type_name
        if name is not None and name not in types:
            known = f" Known: {', '.join(types)}." if types else f" Declare it under `types`, or in {TYPES_FILE}."
            message = f"there is no type {name!r}.{did_you_mean(name, types) or known}"
            yield Violation((*path, "fields"), "known-type", message)
        elif name is not None and types[name].variants and not _takes_variants(holder):
            message = f"the type {name!r} has variants, which only an object of that type alone can be."
            yield Violation((*path, "fields"), "known-type", message)


def _takes_variants(holder: MemberHolder) -> bool:
    """Whether an object can be one of the variants of the type that it names: a field that has none of its own."""
    return isinstance(holder, InputField) and not holder.variants


def _iter_holders(file: ParsedFile[Any]) -> Iterator[tuple[NodePath, MemberHolder]]:
    for ref in iter_fields(file):
        if isinstance(ref.definition, InputField):
            yield ref.path, ref.definition
            yield from _iter_variants(ref.path, ref.definition)
    types, start = get_written_types(file)
    for name, one in types.items():
        yield (*start, name), one
        yield from _iter_variants((*start, name), one)


def _iter_variants(path: NodePath, holder: VariantHolder) -> Iterator[tuple[NodePath, MemberHolder]]:
    for name, variant in (holder.variants or {}).items():
        yield (*path, "variants", name), variant


def check_types(file: ParsedFile[Any], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that each type of a file is used by something, and that a value of it can come to an end."""
    types, start = get_written_types(file)
    if not types:
        return
    files = (folder.manifest, folder.types, *folder.actions)
    used = {holder.type_name for other in files if other is not None for _, holder in _iter_holders(other)}
    finite = _find_finite(folder.manifest_or_blank.types)
    for name, one in types.items():
        if name not in used and folder.are_actions_valid:
            message = f"nothing has `fields: '@{name}'`; remove it."
            yield Violation((*start, name), "no-effect", message, key=True)
        if name not in finite:
            message = "every value of it needs another within; let one of the members that lead back be left out."
            yield Violation((*start, name), "endless-type", message, key=True)
        for key, member in one.members.items():
            if has_endless_default(member):
                message = "the default holds the same again, without an end; remove it."
                path = (*start, name, *one.members_path, key, "default")
                yield Violation(path, "endless-type", message, key=True)


def get_written_types(file: ParsedFile[Any]) -> tuple[Mapping[str, NamedType], NodePath]:
    """Return the types that stand in a file itself, and their path in it."""
    if isinstance(file.model, TypesFile):
        return file.model.root, ()
    if isinstance(file.model, Action) or "types" not in (file.document.data or {}):
        return {}, ()
    return file.model.types, ("types",)


def _find_finite(types: Mapping[str, NamedType]) -> set[str]:
    """Return the types of which a value can be written: what is required leads to an end."""
    finite: set[str] = set()
    while True:
        more = {name for name, one in types.items() if _holder_ends(one, finite)}
        if more == finite:
            return finite
        finite = more


def _may_end(member: InputField, finite: set[str]) -> bool:
    """Whether a member can be left out, or given whole where values of these types can be."""
    is_needed = member.required and (member.type == "object" or bool(member.min))
    return not is_needed or not member.members or _holder_ends(member, finite)


def _holder_ends(field: VariantHolder, finite: set[str]) -> bool:
    variants = list((field.variants or {}).values())
    return _has_end(field, finite) and (not variants or any(_has_end(variant, finite) for variant in variants))


def _has_end(holder: MemberHolder, finite: set[str]) -> bool:
    if holder.type_name is not None:
        return holder.type_name in finite
    return all(_may_end(member, finite) for member in holder.declared.values())
