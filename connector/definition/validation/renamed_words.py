"""Renamed words of the format: one finding for each, and the document in today's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.parsers.strict_yaml import Document

if TYPE_CHECKING:
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.validation.strict_model import StrictModel
    from connector.errors import Finding

RULE = "renamed-word"
_PAGINATION = {
    "by": "style", "read": "next", "send": "cursor_param", "size": "size_param", "max": "max_size", "more": "has_more",
}  # fmt: skip
_FIELD = {"looks": "format", "choices_open": "allow_other"}
_TEST = {"given": "inputs", "shows": "identity_fields"}
# Place in a file (today's words; * is any name or number) -> old key -> new key.
RENAMED_KEYS = {
    "": {
        "hosts": "allowed_hosts", "always": "constants", "pages": "pagination", "repeatable": "idempotent",
        "sends": "body",
    },
    "pagination": _PAGINATION,
    "inputs.*": {**_FIELD, "ahead": "future", "needs": "requires", "not_with": "conflicts_with"},
    "returns": {"cap": "max_bytes"},
    "examples.*": {"given": "inputs", "sends": "request"},
    "test": _TEST,
    "connections.*": {"only": "allowed_actions", "nobody": "unsupported_aliases"},
    "connections.*.inputs.*": _FIELD,
    "connections.*.test": _TEST,
    "errors": {"tracking": "request_id", "means": "rules"},
    "errors.rules.*": {"is": "category"},
    "rates": {"per": "account", "caps": "quotas"},
    "triggers.*.inputs.*": _FIELD,
    "triggers.*.signature": {"signs": "payload", "looks": "format", "many": "separator"},
    "triggers.*.challenge": {"event": "is"},
    "resources.*": {"start": "seed", "also": "lookup_fields", "names": "aliases"},
}  # fmt: skip
# Words that are gone: place -> key -> what to write in its place.
REMOVED_KEYS = {
    "errors": {
        "also_in_2xx": "say what shows a failure (failed: {ok: [false]}, or failed: errors), or list success_codes",
    },
    "idempotency": {"header": "say the place of the key: `to: header.X`"},
}
RENAMED_VALUES = {
    "pagination.style": {"number": "page_number", "link": "link_header", "last": "last_item"},
    "errors.rules.*.category": {
        "token": "token_rejected", "cursor": "cursor_expired", "daily": "daily_quota", "busy": "concurrency",
        "rate": "rate_limit",
    },
}  # fmt: skip
_PLACES = {
    ".".join(names[:depth])
    for names in (place.split(".") for place in (*RENAMED_KEYS, *RENAMED_VALUES, *REMOVED_KEYS))
    for depth in range(1, len(names) + 1)
}


def upgrade(document: Document, model: type[StrictModel]) -> tuple[Document, list[Finding]]:
    """Return a document in today's words, with its positions, and a finding for each old word."""
    upgrading = _Upgrade(document, model)
    upgrading.new.data = upgrading.copy(document.data, (), (), "")
    return upgrading.new, sorted(upgrading.findings)


class _Upgrade:
    """Copies one document into today's words."""

    def __init__(self, document: Document, model: type[StrictModel]) -> None:
        self.old, self.new, self.model = document, Document(document.source), model
        self.findings: list[Finding] = []

    def copy(self, node: Any, old_path: NodePath, path: NodePath, place: str | None) -> Any:
        """Return a node in today's words; `place` is None where no word has been renamed."""
        self._copy_position(old_path, path)
        if isinstance(node, list):
            inner = _enter(place, "*")
            return [self.copy(item, (*old_path, index), (*path, index), inner) for index, item in enumerate(node)]
        if not isinstance(node, dict):
            new_value = RENAMED_VALUES.get(place or "", {}).get(node) if isinstance(node, str) else None
            if new_value is not None:
                self._report(old_path, f"{node!r} is called {new_value!r} now.", key=False)
            return new_value or node
        copied: dict[str, Any] = {}
        removed_keys = REMOVED_KEYS.get(place or "", {})
        for key, item in node.items():
            if key in removed_keys:
                self._report((*old_path, key), f"{key!r} is gone: {removed_keys[key]}.")
                continue
            new_key = self._find_new_key(place, key)
            if new_key != key:
                self._report((*old_path, key), f"{key!r} is called {new_key!r} now.")
            if new_key == key or new_key not in node:
                copied[new_key] = self.copy(item, (*old_path, key), (*path, new_key), _enter(place, new_key))
        if place == "" and isinstance(copied.get("sandbox"), dict):
            self._move_resources(node["sandbox"], copied)
        return copied

    def _find_new_key(self, place: str | None, key: str) -> str:
        new_key = RENAMED_KEYS.get(place, {}).get(key, key) if place is not None else key
        return new_key if place != "" or new_key in self.model.model_fields else key

    def _move_resources(self, sandbox: dict[str, Any], copied: dict[str, Any]) -> None:
        """Move what stood under `sandbox` to `resources`: the collections, and the events of each."""
        resources = copied.get("resources", {})
        if not isinstance(resources, dict):
            return
        for name, item in sandbox.items():
            if isinstance(item, dict) and item.keys() & {"id", "list", "item"}:
                self._report(("sandbox", name), f"{name!r} stands under `resources` now.")
                copied["sandbox"].pop(name)
                resources[name] = self.copy(item, ("sandbox", name), ("resources", name), "resources.*")
        if isinstance(copied["sandbox"].get("emits"), dict):
            self._report(("sandbox", "emits"), "'emits' is called 'events' now and stands in each resource.")
            for name, events in copied["sandbox"].pop("emits").items():
                if isinstance(resources.get(name), dict):
                    self.copy(events, ("sandbox", "emits", name), ("resources", name, "events"), None)
                    resources[name]["events"] = events
        if resources:
            copied["resources"] = resources

    def _copy_position(self, old_path: NodePath, path: NodePath) -> None:
        for old_positions, positions in (
            (self.old.value_positions, self.new.value_positions),
            (self.old.key_positions, self.new.key_positions),
        ):
            if old_path in old_positions:
                positions[path] = old_positions[old_path]

    def _report(self, path: NodePath, message: str, *, key: bool = True) -> None:
        self.findings.append(self.old.build_finding(path, RULE, message, key=key))


def _enter(place: str | None, name: str) -> str | None:
    """Return the place inside `place` that a name leads to, when words have been renamed there."""
    if place is None:
        return None
    inside = f"{place}." if place else ""
    return next((f"{inside}{step}" for step in (name, "*") if f"{inside}{step}" in _PLACES), None)
