"""The choices of inputs, with the live ones of a client's connections, which are kept for a minute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.core.inputs.choices import Choice, extract_choices, list_defined_choices, search_choices
from connector.core.inputs.validate import RUN_OPTIONS
from connector.core.redaction import preview
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem
from connector.first_use import dataclass
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.response.result import Result
    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.runtime.calls.factory import CallFactory

KEEP_SECONDS = 60.0
MAX_LISTED = 10_000  # items that are read for one list
_MAX_KEPT = 256  # lists


@dataclass(frozen=True, slots=True)
class ChoiceQuery:
    """A question for the choices of an input; `listing` must be run where the lists do not have the answer yet."""

    field: Input
    defined: list[Choice]
    listing: str | None
    given: Mapping[str, Any]
    options: CallOptions
    cache_key: str
    is_searched: bool = False  # whether the listing itself looks for the text


class ChoiceLists:
    """The lists of one client."""

    def __init__(self, factory: CallFactory) -> None:
        self._factory = factory
        self._kept: dict[str, tuple[float, list[Choice]]] = {}

    def ask(
        self,
        action: str,
        name: str,
        given: Mapping[str, Any] | None,
        connection: str | None,
        search: str | None = None,
    ) -> ChoiceQuery:
        """Return the question for an input's choices.

        Raises InputError for an unknown action or input, and for one that must be chosen before.
        """
        connector = self._factory.connector
        definition = connector.action(action)
        key = _find_key(definition, name)
        field = definition.inputs[key]
        defined = list_defined_choices(connector, field)
        source, text = field.choices_from, (search or "").strip()
        if source is None:
            return ChoiceQuery(field, defined, None, {}, CallOptions(), "")
        compiled = self._factory.compiled.action(source.action)
        given = given or {}
        inputs = _collect_inputs(definition, given, compiled.action, key)
        is_searched = source.search is not None and bool(text)
        if source.search is not None:
            inputs.pop(source.search, None)
            if text:
                inputs[source.search] = text
            elif compiled.action.inputs[source.search].required:
                return ChoiceQuery(field, defined, None, {}, CallOptions(), "")
        limit = MAX_LISTED if compiled.pagination is not None else None
        options = CallOptions.parse(connection=connection, limit=limit)
        accounts = [name for name in (connection, given.get("connection")) if name is not None]
        cache_key = json.dumps([definition.action, key, accounts, inputs], sort_keys=True, default=repr)
        run_options = {"connection": given["connection"]} if "connection" in given else {}
        return ChoiceQuery(
            field, defined, compiled.action.action, {**inputs, **run_options}, options, cache_key, is_searched
        )

    def find(self, query: ChoiceQuery) -> list[Choice] | None:
        """Return the live choices, where they are known; None if the listing must be run."""
        if query.listing is None:
            return []
        read_at, choices = self._kept.get(query.cache_key, (float("-inf"), []))
        return choices if self._factory.context.clock.monotonic() - read_at < KEEP_SECONDS else None

    def keep(self, query: ChoiceQuery, result: Result) -> list[Choice]:
        """Keep what the listing returned, and return its choices."""
        assert query.field.choices_from is not None
        choices = extract_choices(query.field, query.field.choices_from, result.data)
        self._kept.pop(query.cache_key, None)
        while len(self._kept) >= _MAX_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[query.cache_key] = self._factory.context.clock.monotonic(), choices
        return choices


def join_choices(query: ChoiceQuery, live: list[Choice], search: str | None) -> list[Choice]:
    """Return the choices of the definition, then the live ones, that contain a text.

    What a listing found for the text need not contain it: the service may look elsewhere, or know other spellings.
    """
    if not query.is_searched:
        return search_choices([*query.defined, *live], search)
    return search_choices([*search_choices(query.defined, search), *live], None)


def _find_key(action: Action, name: str) -> str:
    key = action.key_by_spelling.get(name)
    if key is None:
        fix = did_you_mean(str(name), action.key_by_spelling).strip() or f"the inputs are {', '.join(action.inputs)}"
        problem = Problem("input", preview(name), f"an input of {action.action}", fix)
        raise InputError.from_problems(action.action, [problem])
    return key


def _collect_inputs(action: Action, given: Mapping[str, Any], listing: Action, asked: str) -> dict[str, Any]:
    """Return the inputs of the listing: those that `choices_from` says, else what the form has under the same keys.

    What the form sends by default counts as chosen. Raises InputError for an input on which the choices depend, and
    which has no value yet.
    """
    source = action.inputs[asked].choices_from
    assert source is not None
    values = {key: field.default for key, field in action.inputs.items() if field.has_default}
    values |= {_find_key(action, name): value for name, value in given.items() if name not in RUN_OPTIONS}
    values = {key: value for key, value in values.items() if value not in (None, "")}
    sources = {key: key for key in listing.inputs if key != asked} | source.form_inputs
    inputs = {key: values[name] for key, name in sources.items() if name in values} | source.constant_inputs
    missing = [
        sources.get(key, key)
        for key, field in listing.inputs.items()
        if field.required and key not in inputs and key != source.search
    ]
    problems = [Problem(key, "nothing", f"a value: the choices of {asked} depend on it") for key in missing]
    if problems:
        raise InputError.from_problems(action.action, problems)
    return inputs
