"""Rules between inputs: defaults, requirements, conflicts, at-least-one-of, and values given twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.definition.action import UPDATE_METHODS
from connector.errors import Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from connector.core.inputs.coerce import Values
    from connector.core.inputs.field_checks import ValueCheck
    from connector.core.redaction import Redactor
    from connector.definition.action import RequireOneOf
    from connector.definition.fields import InputField
    from connector.definition.inputs.input_group import InputGroup


_NOTHING = object()  # where there is no value, not even null


_Requirements = tuple[tuple[str, tuple[Any, ...] | None], ...]  # the inputs that must be there, with accepted values
# Of a spread object: its names, each with the inputs that are located there or below, and their paths in the object.
_SpreadMembers = dict[str, list[tuple[str, tuple[str, ...]]]]


class _Default(NamedTuple):
    """The default of an input, the inputs it requires (with accepted values), and the inputs that exclude it."""

    value: Any
    requirements: _Requirements
    excluded_by: frozenset[str]

    @property
    def is_bound(self) -> bool:
        """Whether it depends on other inputs."""
        return bool(self.requirements or self.excluded_by)


class _Alternatives(NamedTuple):
    """A rule that one of these inputs must be given, and when: other inputs with the values that count."""

    rule: RequireOneOf
    keys: tuple[str, ...]
    conditions: _Requirements


@dataclass(frozen=True, slots=True)
class InputRules:
    """The checks of a group of inputs and the rules between them, compiled once."""

    group: InputGroup
    checks: Mapping[str, ValueCheck]
    redactor: Redactor
    defaults: Mapping[str, _Default]  # those that are sent, so none of an update
    bound_defaults: Mapping[str, _Default]  # those that depend on other inputs
    needs: tuple[tuple[frozenset[str], _Requirements], ...]  # inputs, and what each of them requires
    conflicts: tuple[tuple[str, str], ...]
    alternatives: tuple[_Alternatives, ...]
    spreads: Mapping[str, _SpreadMembers]

    @classmethod
    def compile(cls, group: InputGroup, checks: Mapping[str, ValueCheck], redactor: Redactor) -> InputRules:
        """Compile the rules of a group."""
        fields = group.inputs.items()
        sent = () if group.method in UPDATE_METHODS else fields
        defaults = {key: _compile_default(group.inputs, key, checks[key]) for key, field in sent if field.has_default}
        return cls(
            group,
            checks,
            redactor,
            defaults,
            {key: default for key, default in defaults.items() if default.is_bound},
            _group_needs(group.inputs),
            tuple((key, other) for key, field in fields for other in field.conflicting_inputs),
            tuple(_Alternatives(rule, tuple(rule.of), _list_conditions(rule)) for rule in group.any_of),
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
    return _Default(value, tuple(field.required_inputs.items()), frozenset(excluded_by))


def _group_needs(inputs: Mapping[str, InputField]) -> tuple[tuple[frozenset[str], _Requirements], ...]:
    keys_by_requirements: dict[_Requirements, list[str]] = {}
    for key, field in inputs.items():
        if field.required_inputs:
            keys_by_requirements.setdefault(tuple(field.required_inputs.items()), []).append(key)
    return tuple((frozenset(keys), requirements) for requirements, keys in keys_by_requirements.items())


def apply_rules_fast(rules: InputRules, values: Values, given: AbstractSet[str]) -> bool:
    """Apply defaults to the given values, each of them valid; return False when a rule is broken."""
    withdrawn = _withdraw_restated(rules.bound_defaults, values)
    apply_defaults(rules, values)
    if withdrawn:
        given = given & values.keys()
    for needing, requirements in rules.needs:
        if not given.isdisjoint(needing) and not _are_satisfied(values, requirements):
            return False
    for key, other in rules.conflicts:
        if key in given and other in given:
            return False
    for _, keys, conditions in rules.alternatives:
        if given.isdisjoint(keys) and _are_satisfied(values, conditions):
            return False
    return not _find_duplicates(rules, values)


def withdraw_restated_defaults(rules: InputRules, values: Values) -> set[str]:
    """Return the keys of given values that are only their default, as a form sends it back.

    Those with rules are taken out of the values: they apply as a default does, where nothing speaks against it.
    """
    return _withdraw_restated(rules.defaults, values)


def _withdraw_restated(defaults: Mapping[str, _Default], values: Values) -> set[str]:
    restated: set[str] = set()
    for key, default in defaults.items():
        value = values.get(key, _NOTHING)
        if value == default.value and (type(value) is bool) is (type(default.value) is bool):
            restated.add(key)
            if default.is_bound:
                del values[key]
    return restated


def apply_defaults(rules: InputRules, values: Values) -> None:
    """Apply defaults in file order, each only if its requirements are met and no present value excludes it."""
    for key, default in rules.defaults.items():
        if key not in values and (key not in rules.bound_defaults or _may_apply(default, values)):
            values[key] = default.value


def _may_apply(default: _Default, values: Values) -> bool:
    return values.keys().isdisjoint(default.excluded_by) and _are_satisfied(values, default.requirements)


def _are_satisfied(values: Values, requirements: _Requirements) -> bool:
    for key, accepted in requirements:
        value = values.get(key)
        if value is None or (accepted is not None and value not in accepted):
            return False
    return True


def find_rule_problems(rules: InputRules, values: Values, given: set[str], invalid_keys: set[str]) -> list[Problem]:
    """Return the problems of given values with requires, conflicts_with and any_of."""
    problems = [
        _build_requirement_problem(rules, key, rules.preview_value(key, values[key]), requirement)
        for key, field in rules.group.inputs.items()
        if key in values and key in given
        for requirement in field.required_inputs.items()
        if requirement[0] not in invalid_keys and not _are_satisfied(values, (requirement,))
    ]
    problems += _find_conflict_problems(rules, values, given)
    problems += [
        _build_require_one_of_problem(rules, rule)
        for rule, keys, conditions in rules.alternatives
        if given.isdisjoint(keys) and _are_satisfied(values, conditions)
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


def _list_conditions(rule: RequireOneOf) -> _Requirements:
    return tuple((key, tuple(accepted)) for key, accepted in rule.when.items())


def _find_spread_members(inputs: Mapping[str, InputField], spread: str) -> _SpreadMembers:
    """Return the inputs located inside a spread object."""
    outer, members = inputs[spread].location, _SpreadMembers()
    depth = len(outer.path)
    for key, field in inputs.items():
        part, path = field.location.part, field.location.path
        if key != spread and part == outer.part and len(path) > depth and path[:depth] == outer.path:
            members.setdefault(path[depth], []).append((key, path[depth:]))
    return members


def _find_duplicates(rules: InputRules, values: Values) -> list[tuple[str, str]]:
    """Return (spread, key) for each input whose value a spread object contains too."""
    duplicates: list[tuple[str, str]] = []
    for spread, members in rules.spreads.items():
        given = values.get(spread)
        for name in given if isinstance(given, dict) else ():
            for key, path in members.get(name, ()):
                if key in values and _has_path(given, path):
                    duplicates.append((spread, key))
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
    problems, order = [], list(rules.group.inputs)
    for spread, key in sorted(_find_duplicates(rules, values), key=lambda pair: tuple(map(order.index, pair))):
        name = rules.group.inputs[key].location.path[-1]
        if key in given:
            expected = f"{name} once: the input {key} sets it too"
            problems.append(Problem(spread, f"{name} as well", expected, "leave one out"))
        else:
            del values[key]
    return problems
