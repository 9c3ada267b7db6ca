"""Compiled actions: inputs, request, response and pagination of an action, worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.exchange.retry import RetryPolicy, policy_from_inputs
from connector.core.inputs.deprecations import compile_deprecations
from connector.core.inputs.input_warnings import compile_input_warnings
from connector.core.inputs.validate import compile_validator
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.core.request.body import to_wire_text
from connector.core.request.builder import apply_subaccount, compile_request
from connector.core.request.raw_request import RAW_ACTION, compile_raw_request
from connector.core.response.formats.reading import list_declared_paths
from connector.core.response.pagination.settings import Pagination, pagination_for
from connector.core.response.parser import ResponseParser
from connector.definition.lazy import cached_property
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.inputs.coerce import Values
    from connector.core.inputs.deprecations import Deprecations
    from connector.core.inputs.input_warnings import InputWarnings
    from connector.core.request.builder import Request, RequestBuilder
    from connector.core.response.formats.xml_tree import ListPaths
    from connector.definition.action import Action
    from connector.definition.loader import Connector


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """One action, ready to run."""

    connector: Connector
    action: Action
    validate: Callable[[Mapping[str, Any]], Values]
    builder: RequestBuilder
    parser: ResponseParser
    pagination: Pagination | None
    retry_keys: Mapping[str, str]
    raw_pagination: Pagination | None = None  # of a raw request: how the service pages
    required_scopes: frozenset[str] = frozenset()  # any one is enough, or every one
    rate_tiers: tuple[str, ...] = ()  # the rates of which each request needs a slot
    find_warnings: InputWarnings | None = None  # of values that are probably a mistake
    find_deprecations: Deprecations | None = None  # of what should not be used any more
    quota_inputs: tuple[tuple[str, str], ...] = ()  # quotas by the value of an input: quota and key

    def build_request(
        self, values: Values, account: str | None = None, base_url: str = "", secrets: tuple[str, ...] = ()
    ) -> Request:
        """Return the request of checked values, for a sub-account when one is named. Raises InputError."""
        request = self.builder(values, base_url, secrets)
        if account is None:
            return request
        subaccounts = self.connector.manifest.subaccounts
        if subaccounts is None or not self.action.subaccount:
            expected = "no account: this action has no sub-account variant"
            problem = Problem("account", repr(account), expected, "leave it out")
            raise InputError.from_problems(self.action.action, [problem])
        try:
            return apply_subaccount(request, subaccounts, account)
        except InvalidValue as invalid:
            problem = Problem("account", preview(account), invalid.expected, invalid.fix)
            raise InputError.from_problems(self.action.action, [problem]) from None

    def rate_names(self, values: Values) -> tuple[str, ...]:
        """Return the rates of which each request needs a slot: its tiers, and quotas such as per-host:VALUE."""
        if not self.quota_inputs:
            return self.rate_tiers
        return self.rate_tiers + tuple(
            f"{quota}:{to_wire_text(values[key])}" for quota, key in self.quota_inputs if values.get(key) is not None
        )

    def resolve_retry_policy(self, values: Values) -> RetryPolicy:
        """Return the retry policy of this action for a call that sets none."""
        if not self.retry_keys:
            return _DEFAULT_POLICY
        return policy_from_inputs(
            _DEFAULT_POLICY, {name: values[key] for name, key in self.retry_keys.items() if key in values}
        )


def _find_list_paths(action: Action) -> ListPaths:
    return list_declared_paths(action) if action.returns.type == "xml" else frozenset()


_DEFAULT_POLICY = RetryPolicy()
_RETRY_NAME_BY_LOCATION = {
    "retry.max": "maxRetries",
    "retry.delay_ms": "retryDelayMS",
    "retry.backoff": "useExponentialBackoff",
    "retry.all": "retryAllErrors",
}


class CompiledConnector:
    """The compiled actions of a connector, each built when first used, and its raw request."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self._actions: dict[str, CompiledAction] = {}

    @cached_property
    def raw_request(self) -> CompiledAction:
        """The built-in raw request, which no action file declares."""
        return _build_compiled_action(self.connector, RAW_ACTION)

    def action(self, name: str) -> CompiledAction:
        """Return a compiled action by any spelling. Raises InputError for an unknown name, DefinitionError."""
        try:
            compiled = self._actions.get(name)
        except TypeError:  # a mapping or a list
            compiled = None
        if compiled is None:
            definition = self.connector.action(name)
            compiled = self._actions.get(definition.action) or _build_compiled_action(self.connector, definition)
            self._actions[definition.action] = self._actions[name] = compiled
        return compiled


def compile_action(connector: Connector, name: str) -> CompiledAction:
    """Return a compiled action. Raises InputError for an unknown name, DefinitionError."""
    return connector.derive(CompiledConnector).action(name)


def _build_compiled_action(connector: Connector, action: Action) -> CompiledAction:
    builder = compile_raw_request(connector, action) if action.is_raw else compile_request(connector, action)
    keys_by_location = {str(field.location): key for key, field in action.inputs.items()}
    rates = connector.manifest.rates
    quotas = [name for name in action.rate_names if name in rates.quotas]
    quota_keys = {name: keys_by_location.get(rates.quotas[name].by) for name in quotas}
    return CompiledAction(
        connector=connector,
        action=action,
        validate=compile_validator(action, connector.choices, redaction.redactor_for(connector)),
        builder=builder,
        parser=ResponseParser(connector, action, _find_list_paths(action)),
        pagination=pagination_for(connector.manifest, action),
        raw_pagination=Pagination.from_definition(connector.manifest, action) if action.is_raw else None,
        retry_keys={
            name: keys_by_location[location]
            for location, name in _RETRY_NAME_BY_LOCATION.items()
            if location in keys_by_location
        },
        required_scopes=frozenset(action.scopes.names),
        rate_tiers=tuple(name for name in action.rate_names if rates.has_rate(name)),
        find_warnings=compile_input_warnings(connector, action),
        find_deprecations=compile_deprecations(action),
        quota_inputs=tuple((name, key) for name, key in quota_keys.items() if key is not None),
    )
