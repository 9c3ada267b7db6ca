"""Rules between inputs: defaults, requirements, conflicts, at-least-one-of, and values given twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.definition.action import UPDATE_METHODS
from connector.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.core.inputs.coerce import Values
    from connector.core.inputs.field_checks import ValueCheck
    from connector.core.redaction import Redactor
    from connector.definition.action import RequireOneOf
    from connector.definition.fields import InputField
    from connector.definition.inputs.input_group import InputGroup


class _Default(NamedTuple):
    """The default of an input, the inputs it requires (with accepted values), and the inputs that exclude it."""

    key: str
    value: Any
    requirements: tuple[tuple[str, tuple[Any, ...] | None], ...]
    excluded_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class InputRules:
    """The checks of a group of inputs and the rules between them, compiled once."""

    group: InputGroup
    checks: Mapping[str, ValueCheck]
    redactor: Redactor
    defaults: tuple[_Default, ...]
    requirements: tuple[tuple[str, str, tuple[Any, ...] | None], ...]  # an input, the one it requires, accepted values
    conflicts: tuple[tuple[str, str], ...]
    spread_members: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]  # spread -> inputs located inside it

    @classmethod
    def compile(cls, group: InputGroup, checks: Mapping[str, ValueCheck], redactor: Redactor) -> InputRules:
        """Compile the rules of a group."""
        fields = group.inputs.items()
        return cls(
            group,
            checks,
            redactor,
            tuple(_compile_default(group.inputs, key, checks[key]) for key, field in fields if field.has_default),
            tuple((key, other, accepted) for key, field in fields for other, accepted in field.required_inputs.items()),
            tuple((key, other) for key, field in fields for other in field.conflicting_inputs),
            {key: _find_spread_members(group.inputs, key) for key, field in fields if field.location.spread},
        )

    def preview_value(self, key: str, value: Any) -> str:
        """Return a value of an input as a problem shows it."""
        return preview(value, is_secret=self.group.inputs[key].secret, redactor=self.redactor)


def _compile_default(inputs: Mapping[str, InputField], key: str, check: ValueCheck) -> _Default:
    """Convert a default to the form that is sent; lint reports one that does not fit."""
    field = inputs[key]
    try:
        value = check(field.default)
    except InvalidValue:
        value = field.default
    conflicting = {other for other, other_field in inputs.items() if key in other_field.conflicting_inputs}
    excluded_by = conflicting.union(field.conflicting_inputs)
    return _Default(key, value, tuple(field.required_inputs.items()), frozenset(excluded_by))


def apply_rules_fast(rules: InputRules, values: Values) -> bool:
    """Apply defaults to given values that are each valid; return False when a rule is broken."""
    given = values.keys() if rules.group.method in UPDATE_METHODS else set(values)
    restated = withdraw_restated_defaults(rules, values)
    apply_defaults(rules, values)
    if restated:
        given = given & values.keys()
    for key, other, accepted in rules.requirements:
        if key in given and not _is_satisfied(values, other, accepted):
            return False
    for key, other in rules.conflicts:
        if key in given and other in given:
            return False
    for rule in rules.group.any_of:
        if given.isdisjoint(rule.of) and _is_active(rule, values):
            return False
    return not _find_duplicates(rules, values)


def withdraw_restated_defaults(rules: InputRules, values: Values) -> set[str]:
    """Return the keys of given values that are only their default, as a form sends it back.

    Those with rules are taken out of the values: they apply as a default does, where nothing speaks against it.
    """
    if rules.group.method in UPDATE_METHODS:
        return set()
    restated = set()
    for key, value, requirements, excluded_by in rules.defaults:
        if key in values and values[key] == value and isinstance(values[key], bool) == isinstance(value, bool):
            restated.add(key)
            if requirements or excluded_by:
                del values[key]
    return restated


def apply_defaults(rules: InputRules, values: Values) -> None:
    """Apply defaults in file order, each only if its requirements are met and no present value excludes it."""
    if rules.group.method in UPDATE_METHODS:
        return
    for key, value, requirements, excluded_by in rules.defaults:
        if key in values or not values.keys().isdisjoint(excluded_by):
            continue
        if all(_is_satisfied(values, other, accepted) for other, accepted in requirements):
            values[key] = value


def _is_satisfied(values: Values, key: str, accepted_values: tuple[Any, ...] | None) -> bool:
    if key not in values or values[key] is None:
        return False
    return accepted_values is None or values[key] in accepted_values


def _is_active(rule: RequireOneOf, values: Values) -> bool:
    """Whether the condition of an any_of rule holds."""
    return all(_is_satisfied(values, key, tuple(accepted)) for key, accepted in rule.when.items())


def find_rule_problems(rules: InputRules, values: Values, given: set[str], invalid_keys: set[str]) -> list[Problem]:
    """Return the problems of given values with requires, conflicts_with and any_of."""
    problems = [
        _build_requirement_problem(rules, key, rules.preview_value(key, values[key]), (other, accepted))
        for key, other, accepted in rules.requirements
        if key in values and key in given and other not in invalid_keys and not _is_satisfied(values, other, accepted)
    ]
    problems += _find_conflict_problems(rules, values, given)
    problems += [
        _build_require_one_of_problem(rules, rule)
        for rule in rules.group.any_of
        if not given.intersection(rule.of) and _is_active(rule, values)
    ]
    return problems


def _find_conflict_problems(rules: InputRules, values: Values, given: set[str]) -> list[Problem]:
    """Report pairs that exclude each other, each pair once."""
    pairs: dict[frozenset[str], Problem] = {}
    for key, other in rules.conflicts:
        if {key, other} <= given and key in values and other in values:
            given_text = rules.preview_value(key, values[key])
            problem = Problem(key, given_text, f"no {other} with it", f"leave {key} or {other} out")
            pairs.setdefault(frozenset((key, other)), problem)
    return list(pairs.values())


def _build_requirement_problem(
    rules: InputRules, key: str, given_text: str, requirement: tuple[str, tuple[Any, ...] | None]
) -> Problem:
    other, accepted_values = requirement
    if accepted_values is None:
        return Problem(key, given_text, f"{other} with it", f"give {other} too, or leave {key} out")
    return Problem(
        key,
        given_text,
        f"{other} to be {_format_values(rules, other, accepted_values)}",
        f"set {other}, or leave {key} out",
    )


def _build_require_one_of_problem(rules: InputRules, rule: RequireOneOf) -> Problem:
    condition = " and ".join(f"{key} is {_format_values(rules, key, values)}" for key, values in rule.when.items())
    subject = "a value" if len(rule.of) == 1 else f"at least one of {', '.join(rule.of)}"
    expected = f"{subject}{f' when {condition}' if condition else ''}"
    alternatives = [" with ".join((key, *_find_companions(rules, rule, key))) for key in rule.of]
    return Problem(rule.of[0], "nothing", expected, f"give {' or '.join(alternatives)}")


def _format_values(rules: InputRules, key: str, values: Iterable[Any]) -> str:
    options = rules.group.inputs[key].typed_choices
    return " or ".join(f"{value} ({options[value]})" if value in options else str(value) for value in values)


def _find_companions(rules: InputRules, rule: RequireOneOf, key: str) -> list[str]:
    """Return the inputs that one of a rule's inputs requires, except those of the rule's condition."""
    inputs = rules.group.inputs
    return [other for other in inputs[key].required_inputs if not (other in rule.when or inputs[other].required)]


def _find_spread_members(inputs: Mapping[str, InputField], spread: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the inputs located inside a spread object, each with its path in the object."""
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


def _find_duplicates(rules: InputRules, values: Values) -> list[tuple[str, str]]:
    """Return (spread, key) for each input whose value a spread object contains too."""
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


def resolve_spread_duplicates(rules: InputRules, values: Values, given: set[str]) -> list[Problem]:
    """Report inputs given twice; drop a default that a spread object overrides."""
    problems = []
    for spread, key in _find_duplicates(rules, values):
        name = rules.group.inputs[key].location.path[-1]
        if key in given:
            expected = f"{name} once: the input {key} sets it too"
            problems.append(Problem(spread, f"{name} as well", expected, "leave one out"))
        else:
            del values[key]
    return problems
