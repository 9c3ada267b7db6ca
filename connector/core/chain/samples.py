"""What the reply of a step looks like, before it has come: by the example and the schema of its definition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import FROM_EACH, FROM_INPUTS, Reference, resolve_value
from connector.core.query import UnfitQuery
from connector.definition.suggest import did_you_mean
from connector.errors import InputError
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.chain.chain import Chain, Step
    from connector.definition.loader import Connector

_PLAIN_QUERY = prepare_pattern(r"[A-Za-z_]\w*(\[(\d+|\*)?\])*(\.[A-Za-z_]\w*(\[(\d+|\*)?\])*)*", re.ASCII)
_PLAIN_PART = prepare_pattern(r"[A-Za-z_]\w*|\[", re.ASCII)
_EMPTY_BY_KIND: dict[str, Any] = {"object": {}, "array": []}  # of a text, nothing tells what it looks like
_MAX_LISTED = 12  # names in one message


class Unknown:
    """What nothing tells before the call is made."""


UNKNOWN = Unknown()


class Samples:
    """The sample replies of a chain's steps: of their definitions' examples, and the schemas that say more."""

    def __init__(self, connector: Connector, chain: Chain) -> None:
        self._connector = connector
        self._data: dict[str, Any] = {FROM_INPUTS: dict(chain.inputs)}
        self._schemas: dict[str, Any] = {}

    def add(self, step: Step) -> None:
        """Add the sample reply of a step whose action exists."""
        if self._connector.action(step.action).is_raw:  # its reply may be any
            self._data[step.name] = UNKNOWN
            return
        returns = self._connector.result_action(step.action).returns
        has_one = step.each is None
        example = UNKNOWN if returns.example is None else returns.example
        self._data[step.name] = example if has_one or example is UNKNOWN else [example]
        schema = self._connector.object_schema(returns.schema_) if returns.schema_ else {}
        self._schemas[step.name] = schema if has_one else {"type": "array", "items": schema}

    def choose_item(self, each: Any) -> None:
        """Choose the sample of an item of the list that the next step is run for."""
        items = self.take(each)
        self._data[FROM_EACH] = items[0] if isinstance(items, list) and items else UNKNOWN
        schema = self._find_schema(each) if isinstance(each, Reference) else None
        self._schemas[FROM_EACH] = (schema or {}).get("items") or {}

    def take(self, value: Any) -> Any:
        """Return a value with its references replaced by samples; UNKNOWN where one of them is."""
        if isinstance(value, Reference):
            data = self._data.get(value.source, UNKNOWN)
            try:
                selected = UNKNOWN if data is UNKNOWN else value.resolve(self._data)
            except InputError:
                return UNKNOWN
            return self._sample_schema(value) if selected is None else selected
        if isinstance(value, dict):
            members = {key: self.take(member) for key, member in value.items()}
            return UNKNOWN if UNKNOWN in members.values() else members
        if isinstance(value, list):
            items = [self.take(member) for member in value]
            return UNKNOWN if UNKNOWN in items else items
        return resolve_value(value, self._data)

    def find_problem(self, reference: Reference) -> str | None:
        """Return what is wrong with a reference into what is known; None where nothing is, or nothing is known."""
        data, query = self._data.get(reference.source, UNKNOWN), reference.query
        if query is None or data is UNKNOWN:
            return None
        try:
            if query.select(data) is not None or not _PLAIN_QUERY.fullmatch(query.expression):
                return None
        except UnfitQuery as error:
            return f"`query` does not fit the reply of {reference.source}: {error}."
        if self._find_schema(reference) is not None:
            return None
        names = _list_names(data, reference.source)
        known = f" It has {', '.join(names[:_MAX_LISTED])}{', ...' if names[_MAX_LISTED:] else ''}." if names else ""
        word = query.expression.partition(".")[0]
        hint = "" if word in names else did_you_mean(word, names)
        what = "`inputs`" if reference.source == FROM_INPUTS else f"the example of {reference.source}"
        return f"`query` {query.expression} selects nothing in {what}, and no schema has it.{hint}{known}"

    def _sample_schema(self, reference: Reference) -> Any:
        """Return an empty value of the kind that the schema says, where the example has none; else UNKNOWN."""
        kind = (self._find_schema(reference) or {}).get("type")
        return _EMPTY_BY_KIND.get(kind, UNKNOWN) if isinstance(kind, str) else UNKNOWN

    def _find_schema(self, reference: Reference) -> Mapping[str, Any] | None:
        """Return the schema at a query, {} where it does not say; None for what the reply does not have."""
        schema, expression = self._schemas.get(reference.source), reference.query.expression if reference.query else ""
        if not schema:
            return None  # the example alone tells
        if expression and not _PLAIN_QUERY.fullmatch(expression):
            return {}
        for part in _PLAIN_PART.findall(expression):
            schema = self._follow(schema)
            kind = schema.get("type")
            if part == "[":
                schema = schema.get("items", {}) if kind in (None, "array") else None
            elif isinstance(kind, str) and kind != "object":
                return None
            else:
                schema = schema["properties"].get(part) if "properties" in schema else {}
            if schema is None:
                return None
        return schema

    def _follow(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema that a reference names, of a file beside it."""
        name = str(schema.get("$ref", ""))
        return self._connector.object_schema(name.removesuffix(".json")) if name.endswith(".json") else schema


def _list_names(data: Any, source: str) -> Sequence[str]:
    if isinstance(data, list) and source != FROM_EACH:
        data = data[0] if data else None
    return list(data) if isinstance(data, dict) else []
