"""Given -> values, or every problem of the call at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core.inputs import coerce as convert
from connector.core.inputs.coerce import Bad
from connector.core.inputs.fast_path import Accept, compile_accept
from connector.core.inputs.field_checks import Check, fitting
from connector.core.redaction import Redactor, plain, shown
from connector.definition.action import UPDATES
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.definition.action import Action, AnyOf
    from connector.definition.fields import Input

Values = dict[str, Any]
RUN_OPTIONS = ("connection", "debugRequest", "debug_request")  # options of every run that may stand among the inputs


@dataclass(frozen=True, slots=True)
class _Plan:
    """What `check` needs of an action, worked out once."""

    action: Action
    checks: dict[str, Check]
    accept: Accept
    names: dict[str, str]
    required: tuple[str, ...]
    defaults: tuple[tuple[str, Any], ...]
    related: tuple[str, ...]
    needs: tuple[tuple[str, str, tuple[Any, ...] | None], ...]  # an input, the one it needs, the values that count
    excludes: tuple[tuple[str, str], ...]
    inside: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]  # spread -> the inputs whose place is in it
    safe: Redactor

    def shown(self, key: str, value: Any) -> str:
        """Return a value of an input as a problem may show it."""
        return shown(value, secret=self.action.inputs[key].secret, safe=self.safe)


def compile_inputs(
    action: Action, choices: Callable[[str], Mapping[str, str]], safe: Redactor | None = None
) -> Callable[[Mapping[str, Any]], Values]:
    """Return the function that checks what is given to an action: mapping -> values; raises InputError.

    `safe` hides what the connector declares secret in the values that problems show.
    """
    inputs = action.inputs
    checks = {key: fitting(spec, choices) for key, spec in inputs.items()}
    plan = _Plan(
        action,
        checks,
        compile_accept(inputs, checks, choices),
        action.names,
        tuple(key for key, spec in inputs.items() if spec.required),
        tuple((key, _as_sent(checks[key], spec.default)) for key, spec in inputs.items() if spec.has_default),
        tuple(key for key, spec in inputs.items() if spec.needed or spec.excluded),
        tuple((key, other, wanted) for key, spec in inputs.items() for other, wanted in spec.needed.items()),
        tuple((key, other) for key, spec in inputs.items() for other in spec.excluded),
        {key: _inside(inputs, key) for key, spec in inputs.items() if spec.place.spread},
        safe or plain(),
    )

    def check(given: Mapping[str, Any]) -> Values:
        values = plan.accept(given)
        if values is None:
            return _check(plan, given)
        ruled = _ruled(plan, values)
        return _check(plan, given) if ruled is None else ruled

    return check


def _ruled(plan: _Plan, values: Values) -> Values | None:
    """Apply defaults and judge values that each are right, all of them given; None where there is a problem to tell."""
    given = values.keys() if plan.action.method in UPDATES else set(values)
    _apply_defaults(plan, values)
    for key, other, wanted in plan.needs:
        if key in given and not _meets(values, other, wanted):
            return None
    for key, other in plan.excludes:
        if key in given and other in given:
            return None
    for rule in plan.action.any_of:
        if given.isdisjoint(rule.of) and all(_meets(values, key, tuple(one)) for key, one in rule.when.items()):
            return None
    return None if _said_twice(plan, values) else values


def _as_sent(check: Check, default: Any) -> Any:
    """Return a default in the form it is sent in; lint tells one that does not fit."""
    try:
        return check(default)
    except Bad:
        return default


def _check(plan: _Plan, given: Mapping[str, Any]) -> Values:
    problems: list[Problem] = []
    spelled: dict[str, str] = {}
    values: Values = {}
    for spelling, value in given.items():
        key = plan.names.get(spelling)
        if key is None:
            problems.append(_unknown(plan, spelling))
        elif key in spelled:
            got = f"two values: as {spelled[key]} and as {spelling}"
            problems.append(Problem(key, got, "one", "leave one out"))
        else:
            spelled[key] = spelling
            _take(plan, key, value, values, problems)
    problems += [_missing(plan.action.inputs[key], key) for key in plan.required if key not in spelled]
    wrong = {problem.field for problem in problems}
    given_keys = set(values)
    _apply_defaults(plan, values)
    problems += _judge(plan, values, given_keys | wrong, spelled)
    problems += _spread_problems(plan, values, given_keys)
    if problems:
        raise InputError.of(plan.action.action, problems)
    return values


def _take(plan: _Plan, key: str, value: Any, values: Values, problems: list[Problem]) -> None:
    try:
        values[key] = plan.checks[key](value)
    except Bad as bad:
        spec, got = plan.action.inputs[key], plan.shown(key, value)
        if spec.required and _is_blank(value):
            problems.append(_missing(spec, key, got))
        else:
            problems.append(Problem(bad.field or key, got, bad.expected, plan.safe.text(bad.fix)))
    except RecursionError:
        expected = f"data nested at most {convert.DEEPEST} levels deep"
        problems.append(Problem(key, type(value).__name__, expected))


def _unknown(plan: _Plan, spelling: Any) -> Problem:
    keys = list(plan.action.inputs)
    near = difflib.get_close_matches(str(spelling), list(plan.names), n=1, cutoff=0.6)
    fix = f"did you mean {plan.names[near[0]]}?" if near else f"the inputs are {', '.join(keys) or 'none'}"
    if not near and plan.action.pages:
        fix += "; pages are read without being asked for, and the option limit ends a listing early"
    return Problem(str(spelling)[:60], "an unknown input", f"an input of {plan.action.action}", fix)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _missing(spec: Input, key: str, got: str = "nothing") -> Problem:
    fix = f"{spec.help} Such as {spec.example}" if spec.example is not None and not spec.secret else spec.help
    return Problem(key, got, "a value: it is required", fix)


def _apply_defaults(plan: _Plan, values: Values) -> None:
    """Apply defaults in file order, each only if its needs are met and it breaks no rule of what is there."""
    if plan.action.method in UPDATES:
        return
    for key, default in plan.defaults:
        if key in values:
            continue
        spec = plan.action.inputs[key]
        met = all(_meets(values, other, wanted) for other, wanted in spec.needed.items())
        clash = any(other in values for other in spec.excluded) or _excluded_by_others(plan, key, values)
        if met and not clash:
            values[key] = default


def _excluded_by_others(plan: _Plan, key: str, values: Values) -> bool:
    return any(key in plan.action.inputs[other].excluded for other in plan.related if other in values)


def _meets(values: Values, key: str, wanted: tuple[Any, ...] | None) -> bool:
    if key not in values or values[key] is None:
        return False
    return wanted is None or values[key] in wanted


def _judge(plan: _Plan, values: Values, given: set[str], spelled: Mapping[str, str]) -> list[Problem]:
    """Judge given values against the final ones: needs, not_with, any_of."""
    problems: list[Problem] = []
    wrong = spelled.keys() - values.keys()
    for key in plan.related:
        if key not in values or key not in given:
            continue
        for other, wanted in plan.action.inputs[key].needed.items():
            if other not in wrong and not _meets(values, other, wanted):
                problems.append(_needs(plan, key, plan.shown(key, values[key]), (other, wanted)))
    problems += _together(plan, values, given)
    problems += [
        _none_of(plan, rule)
        for rule in plan.action.any_of
        if not given.intersection(rule.of) and all(_meets(values, key, tuple(one)) for key, one in rule.when.items())
    ]
    return problems


def _together(plan: _Plan, values: Values, given: set[str]) -> list[Problem]:
    """Tell pairs that exclude each other, each pair once."""
    pairs: dict[frozenset[str], Problem] = {}
    for key in plan.related:
        for other in plan.action.inputs[key].excluded:
            if {key, other} <= given and key in values and other in values:
                got = plan.shown(key, values[key])
                problem = Problem(key, got, f"no {other} beside it", f"leave {key} or {other} out")
                pairs.setdefault(frozenset((key, other)), problem)
    return list(pairs.values())


def _needs(plan: _Plan, key: str, got: str, need: tuple[str, tuple[Any, ...] | None]) -> Problem:
    other, wanted = need
    if wanted is None:
        return Problem(key, got, f"{other} beside it", f"give {other} too, or leave {key} out")
    return Problem(key, got, f"{other} to be {_labelled(plan, other, wanted)}", f"set {other}, or leave {key} out")


def _none_of(plan: _Plan, rule: AnyOf) -> Problem:
    when = " and ".join(f"{key} is {_labelled(plan, key, values)}" for key, values in rule.when.items())
    some = "a value" if len(rule.of) == 1 else f"at least one of {', '.join(rule.of)}"
    expected = f"{some}{f' when {when}' if when else ''}"
    whole = [" with ".join((key, *_partners(plan, rule, key))) for key in rule.of]
    return Problem(rule.of[0], "nothing", expected, f"give {' or '.join(whole)}")


def _labelled(plan: _Plan, key: str, values: Iterable[Any]) -> str:
    options = plan.action.inputs[key].options
    return " or ".join(f"{value} ({options[value]})" if value in options else str(value) for value in values)


def _partners(plan: _Plan, rule: AnyOf, key: str) -> list[str]:
    """Return what an input of a rule needs beside it, but for what the rule is about."""
    inputs = plan.action.inputs
    return [other for other in inputs[key].needed if not (other in rule.when or inputs[other].required)]


def _inside(inputs: Mapping[str, Input], spread: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the inputs whose place lies inside a spread object, each with its path in there."""
    outer = inputs[spread].place
    depth = len(outer.path)
    places = {key: spec.place for key, spec in inputs.items() if key != spread and spec.place.part == outer.part}
    return tuple(
        (key, place.path[depth:])
        for key, place in places.items()
        if len(place.path) > depth and place.path[:depth] == outer.path
    )


def _said_twice(plan: _Plan, values: Values) -> list[tuple[str, str]]:
    """Return (spread, key) for each value there that a spread object says as well."""
    found = []
    for spread, inside in plan.inside.items():
        held = values.get(spread)
        if isinstance(held, dict):
            found += [(spread, key) for key, path in inside if path[0] in held and key in values and _holds(held, path)]
    return found


def _holds(held: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(held, dict):
            return True
        if name not in held:
            return False
        held = held[name]
    return True


def _spread_problems(plan: _Plan, values: Values, given: set[str]) -> list[Problem]:
    """Tell what is given twice; a default that a spread object says as well steps aside."""
    problems = []
    for spread, key in _said_twice(plan, values):
        name = plan.action.inputs[key].place.path[-1]
        if key in given:
            expected = f"{name} once: the input {key} says it too"
            problems.append(Problem(spread, f"{name} as well", expected, "leave one out"))
        else:
            del values[key]
    return problems
