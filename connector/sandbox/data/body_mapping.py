"""Map an action's body to the fields of a record: wrapper objects, secrets, opaque values."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.definition.fields import OBJECT_TYPES
from connector.first_use import dataclass
from connector.sandbox.api.objects import MISSING, find_at_path
from connector.sandbox.data.template import FieldPath, SentPaths

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.fields import InputField

_OPAQUE_TYPES = ("json", "pairs", *OBJECT_TYPES)


@dataclass(frozen=True, slots=True)
class BodyMapping:
    """The wrapper objects of a body, its secret paths and opaque paths, and the paths of what is sent."""

    wrappers: frozenset[str] = frozenset()
    secret_paths: tuple[FieldPath, ...] = ()
    opaque_paths: frozenset[FieldPath] = frozenset()
    sent: SentPaths = field(default_factory=SentPaths)

    @classmethod
    def build(cls, action: Action, fields: dict[str, Any]) -> BodyMapping:
        """Find the wrappers: objects absent from `fields` while most of their own fields are there."""
        inputs = [
            (spec.location.path, spec)
            for spec in action.inputs.values()
            if spec.location.part in ("body", "form") and spec.location.path
        ]
        inner_names: dict[str, set[str]] = {}
        for path, _ in inputs:
            if len(path) > 1:
                inner_names.setdefault(path[0], set()).add(path[1])
        wrappers = frozenset(
            name
            for name, names in inner_names.items()
            if name not in fields and 2 * sum(inner_name in fields for inner_name in names) >= len(names)
        )
        secret_paths = (secret for path, spec in inputs for secret in _list_secrets(path, spec))
        single_paths = [path for path, spec in inputs if not spec.location.spread]
        spread_paths = [path for path, spec in inputs if spec.location.spread]
        opaque_paths = (
            path for path, spec in inputs if (spec.is_map or spec.type in _OPAQUE_TYPES) and not spec.location.spread
        )
        return cls(
            wrappers,
            tuple(
                path[1:] if path[0] in wrappers and path[1:2] and path[1] in fields else path for path in secret_paths
            ),
            frozenset(_unwrap(path, wrappers) for path in opaque_paths),
            SentPaths(
                *(frozenset(_unwrap(path, wrappers) for path in paths) for paths in (single_paths, spread_paths))
            ),
        )

    def select_fields(self, body: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields to store: unwrapped, without secrets that no reply shows."""
        selected: dict[str, Any] = {}
        for name, value in body.items():
            if name not in self.wrappers or not isinstance(value, dict):
                continue
            selected |= {key: item for key, item in value.items() if key in fields}
            rest = {key: item for key, item in value.items() if key not in fields}
            if rest:
                selected[name] = rest
        selected |= {name: value for name, value in body.items() if name not in self.wrappers}
        for path in self.secret_paths:
            if find_at_path(fields, path) is MISSING:
                selected = _remove_path(selected, path)
        return selected


def _is_opaque(spec: InputField) -> bool:
    return spec.is_map or spec.type in _OPAQUE_TYPES


def _list_secrets(path: FieldPath, spec: InputField) -> list[FieldPath]:
    """Return the paths of passwords; what holds some at places that only a value tells counts as one."""
    if spec.type == "object" and spec.type_name is None and not spec.variants:
        return [
            secret
            for member in spec.members.values()
            for secret in _list_secrets((*path, *member.location.path), member)
        ]
    return [path] if spec.secret else []


def _unwrap(path: FieldPath, wrappers: frozenset[str]) -> FieldPath:
    return path[1:] if path[0] in wrappers else path


def _remove_path(tree: dict[str, Any], path: FieldPath) -> dict[str, Any]:
    """Return an object without the value at a path, and without objects that become empty."""
    name, rest = path[0], path[1:]
    if name not in tree:
        return tree
    others = {key: value for key, value in tree.items() if key != name}
    remaining = _remove_path(tree[name], rest) if rest and isinstance(tree[name], dict) else {}
    return {**tree, name: remaining} if remaining else others
