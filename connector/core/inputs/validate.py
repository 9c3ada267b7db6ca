"""Given -> values, or every problem of the call at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core.inputs import coerce
from connector.core.inputs.fast_path import FastPath, compile_fast_path
from connector.core.inputs.field_checks import ValueCheck, compile_input_check
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import Redactor, default_redactor, preview
from connector.definition.action import UPDATE_METHODS
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.definition.action import Action, RequireOneOf
    from connector.definition.fields import Input

Values = dict[str, Any]
RUN_OPTIONS = ("connection", "debugRequest", "debug_request")  # options of every run that may stand among the inputs


@dataclass(frozen=True, slots=True)
class _InputRules:
    """What `check` needs of an action, worked out once."""

    action: Action
    checks: dict[str, ValueCheck]
    fast_path: FastPath
    key_by_spelling: dict[str, str]
    required: tuple[str, ...]
    defaults: tuple[tuple[str, Any], ...]
    related_keys: tuple[str, ...]
    requirements: tuple[
        tuple[str, str, tuple[Any, ...] | None], ...
    ]  # an input, the one it needs, the values that count
    conflicts: tuple[tuple[str, str], ...]
    spread_members: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]  # spread -> the inputs whose place is in it
    redactor: Redactor

    def preview_value(self, key: str, value: Any) -> str:
        """Return a value of an input as a problem may show it."""
        return preview(value, is_secret=self.action.inputs[key].secret, redactor=self.redactor)


def compile_validator(
    action: Action, load_choices: Callable[[str], Mapping[str, str]], redactor: Redactor | None = None
) -> Callable[[Mapping[str, Any]], Values]:
    """Return the function that checks what is given to an action: mapping -> values; raises InputError.

    `safe` hides what the connector declares secret in the values that problems show.
    """
    inputs = action.inputs
    checks = {key: compile_input_check(field, load_choices) for key, field in inputs.items()}
    rules = _InputRules(
        action,
        checks,
        compile_fast_path(inputs, checks, load_choices),
        action.key_by_spelling,
        tuple(key for key, field in inputs.items() if field.required),
        tuple(
            (key, _convert_default(checks[key], field.default)) for key, field in inputs.items() if field.has_default
        ),
        tuple(key for key, field in inputs.items() if field.required_inputs or field.conflicting_inputs),
        tuple(
            (key, other, accepted_values)
            for key, field in inputs.items()
            for other, accepted_values in field.required_inputs.items()
        ),
        tuple((key, other) for key, field in inputs.items() for other in field.conflicting_inputs),
        {key: _find_spread_members(inputs, key) for key, field in inputs.items() if field.location.spread},
        redactor or default_redactor(),
    )

    def check(given: Mapping[str, Any]) -> Values:
        values = rules.fast_path(given)
        if values is None:
            return _validate_with_problems(rules, given)
        ruled_values = _apply_rules_fast(rules, values)
        return _validate_with_problems(rules, given) if ruled_values is None else ruled_values

    return check


def _apply_rules_fast(rules: _InputRules, values: Values) -> Values | None:
    """Apply defaults and judge values that each are right, all of them given; None where there is a problem to tell."""
    given = values.keys() if rules.action.method in UPDATE_METHODS else set(values)
    _apply_defaults(rules, values)
    for key, other, accepted_values in rules.requirements:
        if key in given and not _is_satisfied(values, other, accepted_values):
            return None
    for key, other in rules.conflicts:
        if key in given and other in given:
            return None
    for rule in rules.action.any_of:
        if given.isdisjoint(rule.of) and all(
            _is_satisfied(values, key, tuple(accepted)) for key, accepted in rule.when.items()
        ):
            return None
    return None if _find_duplicates(rules, values) else values


def _convert_default(check: ValueCheck, default: Any) -> Any:
    """Return a default in the form it is sent in; lint tells one that does not fit."""
    try:
        return check(default)
    except InvalidValue:
        return default


def _validate_with_problems(rules: _InputRules, given: Mapping[str, Any]) -> Values:
    problems: list[Problem] = []
    spelling_by_key: dict[str, str] = {}
    values: Values = {}
    for spelling, value in given.items():
        key = rules.key_by_spelling.get(spelling)
        if key is None:
            problems.append(_build_unknown_problem(rules, spelling))
        elif key in spelling_by_key:
            given_text = f"two values: as {spelling_by_key[key]} and as {spelling}"
            problems.append(Problem(key, given_text, "one", "leave one out"))
        else:
            spelling_by_key[key] = spelling
            _convert_one(rules, key, value, values, problems)
    problems += [
        _build_missing_problem(rules.action.inputs[key], key) for key in rules.required if key not in spelling_by_key
    ]
    invalid_keys = {problem.field for problem in problems}
    given_keys = set(values)
    _apply_defaults(rules, values)
    problems += _find_rule_problems(rules, values, given_keys | invalid_keys, spelling_by_key)
    problems += _resolve_spread_duplicates(rules, values, given_keys)
    if problems:
        raise InputError.from_problems(rules.action.action, problems)
    return values


def _convert_one(rules: _InputRules, key: str, value: Any, values: Values, problems: list[Problem]) -> None:
    try:
        values[key] = rules.checks[key](value)
    except InvalidValue as invalid:
        field, given_text = rules.action.inputs[key], rules.preview_value(key, value)
        if field.required and _is_blank(value):
            problems.append(_build_missing_problem(field, key, given_text))
        else:
            problems.append(
                Problem(invalid.field or key, given_text, invalid.expected, rules.redactor.redact_text(invalid.fix))
            )
    except RecursionError:
        expected = f"data nested at most {coerce.MAX_JSON_DEPTH} levels deep"
        problems.append(Problem(key, type(value).__name__, expected))


def _build_unknown_problem(rules: _InputRules, spelling: Any) -> Problem:
    keys = list(rules.action.inputs)
    matches = difflib.get_close_matches(str(spelling), list(rules.key_by_spelling), n=1, cutoff=0.6)
    fix = (
        f"did you mean {rules.key_by_spelling[matches[0]]}?"
        if matches
        else f"the inputs are {', '.join(keys) or 'none'}"
    )
    if not matches and rules.action.pagination:
        fix += "; pages are read without being asked for, and the option limit ends a listing early"
    return Problem(str(spelling)[:60], "an unknown input", f"an input of {rules.action.action}", fix)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _build_missing_problem(field: Input, key: str, given_text: str = "nothing") -> Problem:
    fix = f"{field.help} Such as {field.example}" if field.example is not None and not field.secret else field.help
    return Problem(key, given_text, "a value: it is required", fix)


def _apply_defaults(rules: _InputRules, values: Values) -> None:
    """Apply defaults in file order, each only if its needs are met and it breaks no rule of what is there."""
    if rules.action.method in UPDATE_METHODS:
        return
    for key, default in rules.defaults:
        if key in values:
            continue
        field = rules.action.inputs[key]
        requirements_met = all(
            _is_satisfied(values, other, accepted_values) for other, accepted_values in field.required_inputs.items()
        )
        has_conflict = any(other in values for other in field.conflicting_inputs) or _is_excluded_by_others(
            rules, key, values
        )
        if requirements_met and not has_conflict:
            values[key] = default


def _is_excluded_by_others(rules: _InputRules, key: str, values: Values) -> bool:
    return any(key in rules.action.inputs[other].conflicting_inputs for other in rules.related_keys if other in values)


def _is_satisfied(values: Values, key: str, accepted_values: tuple[Any, ...] | None) -> bool:
    if key not in values or values[key] is None:
        return False
    return accepted_values is None or values[key] in accepted_values


def _find_rule_problems(
    rules: _InputRules, values: Values, given: set[str], spelling_by_key: Mapping[str, str]
) -> list[Problem]:
    """Judge given values against the final ones: needs, not_with, any_of."""
    problems: list[Problem] = []
    invalid_keys = spelling_by_key.keys() - values.keys()
    for key in rules.related_keys:
        if key not in values or key not in given:
            continue
        for other, accepted_values in rules.action.inputs[key].required_inputs.items():
            if other not in invalid_keys and not _is_satisfied(values, other, accepted_values):
                problems.append(
                    _build_requirement_problem(
                        rules, key, rules.preview_value(key, values[key]), (other, accepted_values)
                    )
                )
    problems += _find_conflict_problems(rules, values, given)
    problems += [
        _build_require_one_of_problem(rules, rule)
        for rule in rules.action.any_of
        if not given.intersection(rule.of)
        and all(_is_satisfied(values, key, tuple(accepted)) for key, accepted in rule.when.items())
    ]
    return problems


def _find_conflict_problems(rules: _InputRules, values: Values, given: set[str]) -> list[Problem]:
    """Tell pairs that exclude each other, each pair once."""
    pairs: dict[frozenset[str], Problem] = {}
    for key in rules.related_keys:
        for other in rules.action.inputs[key].conflicting_inputs:
            if {key, other} <= given and key in values and other in values:
                given_text = rules.preview_value(key, values[key])
                problem = Problem(key, given_text, f"no {other} beside it", f"leave {key} or {other} out")
                pairs.setdefault(frozenset((key, other)), problem)
    return list(pairs.values())


def _build_requirement_problem(
    rules: _InputRules, key: str, given_text: str, requirement: tuple[str, tuple[Any, ...] | None]
) -> Problem:
    other, accepted_values = requirement
    if accepted_values is None:
        return Problem(key, given_text, f"{other} beside it", f"give {other} too, or leave {key} out")
    return Problem(
        key,
        given_text,
        f"{other} to be {_format_values(rules, other, accepted_values)}",
        f"set {other}, or leave {key} out",
    )


def _build_require_one_of_problem(rules: _InputRules, rule: RequireOneOf) -> Problem:
    condition = " and ".join(f"{key} is {_format_values(rules, key, values)}" for key, values in rule.when.items())
    subject = "a value" if len(rule.of) == 1 else f"at least one of {', '.join(rule.of)}"
    expected = f"{subject}{f' when {condition}' if condition else ''}"
    alternatives = [" with ".join((key, *_find_companions(rules, rule, key))) for key in rule.of]
    return Problem(rule.of[0], "nothing", expected, f"give {' or '.join(alternatives)}")


def _format_values(rules: _InputRules, key: str, values: Iterable[Any]) -> str:
    options = rules.action.inputs[key].typed_choices
    return " or ".join(f"{value} ({options[value]})" if value in options else str(value) for value in values)


def _find_companions(rules: _InputRules, rule: RequireOneOf, key: str) -> list[str]:
    """Return what an input of a rule needs beside it, but for what the rule is about."""
    inputs = rules.action.inputs
    return [other for other in inputs[key].required_inputs if not (other in rule.when or inputs[other].required)]


def _find_spread_members(inputs: Mapping[str, Input], spread: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the inputs whose place lies inside a spread object, each with its path in there."""
    outer_location = inputs[spread].location
    depth = len(outer_location.path)
    locations = {
        key: field.location
        for key, field in inputs.items()
        if key != spread and field.location.part == outer_location.part
    }
    return tuple(
        (key, location.path[depth:])
        for key, location in locations.items()
        if len(location.path) > depth and location.path[:depth] == outer_location.path
    )


def _find_duplicates(rules: _InputRules, values: Values) -> list[tuple[str, str]]:
    """Return (spread, key) for each value there that a spread object says as well."""
    duplicates = []
    for spread, members in rules.spread_members.items():
        spread_value = values.get(spread)
        if isinstance(spread_value, dict):
            duplicates += [
                (spread, key)
                for key, path in members
                if path[0] in spread_value and key in values and _has_path(spread_value, path)
            ]
    return duplicates


def _has_path(data: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(data, dict):
            return True
        if name not in data:
            return False
        data = data[name]
    return True


def _resolve_spread_duplicates(rules: _InputRules, values: Values, given: set[str]) -> list[Problem]:
    """Tell what is given twice; a default that a spread object says as well steps aside."""
    problems = []
    for spread, key in _find_duplicates(rules, values):
        name = rules.action.inputs[key].location.path[-1]
        if key in given:
            expected = f"{name} once: the input {key} says it too"
            problems.append(Problem(spread, f"{name} as well", expected, "leave one out"))
        else:
            del values[key]
    return problems
