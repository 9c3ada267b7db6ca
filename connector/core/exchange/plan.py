"""What a call needs of an action, worked out once: inputs, request, reply, pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core.exchange.retry import Policy, knobs
from connector.core.inputs.coerce import Bad
from connector.core.inputs.validate import compile_inputs
from connector.core.redaction import shown
from connector.core.request.body import wire
from connector.core.request.builder import compile_request, under_account
from connector.core.request.raw_request import BUILT_IN, compile_raw
from connector.core.response import pagination as pages
from connector.core.response.parser import Reader
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.inputs.validate import Values
    from connector.core.request.builder import Build, Request
    from connector.definition.action import Action
    from connector.definition.loader import Connector


@dataclass(frozen=True, slots=True)
class Plan:
    """One action, ready to run."""

    connector: Connector
    action: Action
    check: Callable[[Mapping[str, Any]], Values]
    build: Build
    reader: Reader
    words: pages.Words | None
    policy_keys: Mapping[str, str]
    needs: frozenset[str] = frozenset()  # scopes, any of which is enough
    tiers: tuple[str, ...] = ()  # the rates that its requests need a slot of
    ahead: tuple[str, ...] = ()  # inputs whose time should lie ahead
    capped: tuple[tuple[str, str], ...] = ()  # caps by the value of an input: cap and key

    def request(
        self, values: Values, account: str | None = None, base: str = "", secrets: tuple[str, ...] = ()
    ) -> Request:
        """Return the request of checked values, of the sub-account twin when an account is named."""
        request = self.build(values, base, secrets)
        if account is None:
            return request
        declared = self.connector.manifest.subaccounts
        if declared is None or not self.action.subaccount:
            got = Problem("account", repr(account), "no account: this action has no sub-account twin", "leave it out")
            raise InputError.of(self.action.action, [got])
        try:
            return under_account(request, declared, account)
        except Bad as bad:
            got = Problem("account", shown(account), bad.expected, bad.fix)
            raise InputError.of(self.action.action, [got]) from None

    def rates(self, values: Values) -> tuple[str, ...]:
        """Return what each request of checked values needs a slot of: its tier, and caps such as per-host:VALUE."""
        if not self.capped:
            return self.tiers
        return self.tiers + tuple(
            f"{cap}:{wire(values[key])}" for cap, key in self.capped if values.get(key) is not None
        )

    def policy(self, values: Values) -> Policy:
        """Return how often this action is tried again when the call does not say."""
        if not self.policy_keys:
            return _USUAL
        return knobs(_USUAL, {name: values[key] for name, key in self.policy_keys.items() if key in values})


_USUAL = Policy()
_KNOBS = {
    "retry.max": "maxRetries", "retry.delay_ms": "retryDelayMS",
    "retry.backoff": "useExponentialBackoff", "retry.all": "retryAllErrors",
}  # fmt: skip


def plan(connector: Connector, name: str) -> Plan:
    """Return the plan of an action, made when it is first asked for. Raises InputError for an unknown one."""
    made: Plan | None = connector.compiled.get(name)
    if made is None:
        action = connector.action(name)
        made = connector.compiled.get(f"plan:{action.action}") or _compile(connector, action)
        connector.compiled[f"plan:{action.action}"] = connector.compiled[name] = made
    return made


def raw_plan(connector: Connector) -> Plan:
    """Return the plan of a raw request that no action file declares."""
    made: Plan | None = connector.compiled.get("raw request")
    if made is None:
        made = connector.compiled["raw request"] = _compile(connector, BUILT_IN)
    return made


def _compile(connector: Connector, action: Action) -> Plan:
    build = compile_raw(connector, action) if action.is_raw else compile_request(connector, action)
    places = {str(spec.place): key for key, spec in action.inputs.items()}
    rates = connector.manifest.rates
    caps = {name: places.get(rates.caps[name].by) for name in action.rates if name in rates.caps}
    return Plan(
        connector=connector,
        action=action,
        check=compile_inputs(action, connector.choices, redact.of(connector)),
        build=build,
        reader=Reader(connector, action),
        words=pages.words(connector.manifest, action),
        policy_keys={name: places[place] for place, name in _KNOBS.items() if place in places},
        needs=frozenset((*action.scopes.granular, *action.scopes.classic)),
        tiers=tuple(name for name in action.rates if rates.declares(name)),
        ahead=tuple(key for key, spec in action.inputs.items() if spec.ahead),
        capped=tuple((name, key) for name, key in caps.items() if key is not None),
    )
