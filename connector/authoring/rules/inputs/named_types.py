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
    from connector.definition.fields import Member, MemberHolder
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


def _iter_holders(file: ParsedFile[Any]) -> Iterator[tuple[NodePath, MemberHolder]]:
    for ref in iter_fields(file):
        if isinstance(ref.definition, InputField):
            yield ref.path, ref.definition
            for name, variant in (ref.definition.variants or {}).items():
                yield (*ref.path, "variants", name), variant


def check_types(file: ParsedFile[Any], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that each type of a file is used by something, and that a value of it can come to an end."""
    types, start = get_written_types(file)
    if not types:
        return
    files = (folder.manifest, folder.types, *folder.actions)
    used = {holder.type_name for other in files if other is not None for _, holder in _iter_holders(other)}
    finite = _find_finite(folder.manifest_or_blank.types)
    for name, members in types.items():
        if name not in used and folder.are_actions_valid:
            message = f"nothing has `fields: '@{name}'`; remove it."
            yield Violation((*start, name), "no-effect", message, key=True)
        if name not in finite:
            message = "every value of it needs another within; let one of the members that lead back be left out."
            yield Violation((*start, name), "endless-type", message, key=True)
        for key, member in members.items():
            if has_endless_default(member):
                message = "the default holds the same again, without an end; remove it."
                yield Violation((*start, name, key, "default"), "endless-type", message, key=True)


def get_written_types(file: ParsedFile[Any]) -> tuple[Mapping[str, dict[str, Member]], NodePath]:
    """Return the types that stand in a file itself, and their path in it."""
    if isinstance(file.model, TypesFile):
        return file.model.root, ()
    if isinstance(file.model, Action) or "types" not in (file.document.data or {}):
        return {}, ()
    return file.model.types, ("types",)


def _find_finite(types: Mapping[str, dict[str, Member]]) -> set[str]:
    """Return the types of which a value can be written: what is required leads to an end."""
    finite: set[str] = set()
    while True:
        more = {name for name, members in types.items() if all(_may_end(one, finite) for one in members.values())}
        if more == finite:
            return finite
        finite = more


def _may_end(member: InputField, finite: set[str]) -> bool:
    """Whether a member can be left out, or given whole where values of these types can be."""
    is_needed = member.required and (member.type == "object" or bool(member.min))
    return not is_needed or not member.members or _holder_ends(member, finite)


def _holder_ends(field: InputField, finite: set[str]) -> bool:
    variants = list((field.variants or {}).values())
    return _has_end(field, finite) and (not variants or any(_has_end(variant, finite) for variant in variants))


def _has_end(holder: MemberHolder, finite: set[str]) -> bool:
    if holder.type_name is not None:
        return holder.type_name in finite
    return all(_may_end(member, finite) for member in holder.declared.values())
