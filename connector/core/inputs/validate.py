"""Validate given inputs: return checked values, or raise one InputError with every problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.coerce import MAX_JSON_DEPTH, Values
from connector.core.inputs.fast_path import compile_fast_path
from connector.core.inputs.field_checks import compile_input_check
from connector.core.inputs.objects import InvalidMembers, compile_object_check, suggest_member
from connector.core.inputs.relations import (
    InputRules,
    apply_defaults,
    apply_rules_fast,
    find_rule_problems,
    resolve_spread_duplicates,
    withdraw_restated_defaults,
)
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import Redactor, default_redactor
from connector.definition.input_group import MemberGroup
from connector.definition.suggest import closest
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.inputs.field_checks import ChoicesLoader, ValueCheck
    from connector.definition.fields import Input, Member
    from connector.definition.input_group import InputGroup

RUN_OPTIONS = ("connection", "debugRequest", "debug_request")  # run options that may be passed among the inputs

_MAX_FIX_LENGTH = 1_000


def compile_validator(
    action: InputGroup, load_choices: ChoicesLoader, redactor: Redactor | None = None
) -> Callable[[Mapping[str, Any]], Values]:
    """Return the function that validates inputs of an action, or members of an object: mapping -> values.

    It raises InputError. `redactor` masks secrets in the values that problems show.
    """
    redactor = redactor or default_redactor()
    checks = {key: compile_check(field, load_choices, action.method, redactor) for key, field in action.inputs.items()}
    validate_fast = compile_fast_path(action.inputs, checks, load_choices)
    rules = InputRules.compile(action, checks, redactor)

    def check(given: Mapping[str, Any]) -> Values:
        values = validate_fast(given)
        if values is None or not apply_rules_fast(rules, values):
            return _validate_with_problems(rules, given)
        return values

    return check


def compile_check(
    field: Input | Member, load_choices: ChoicesLoader, method: str = "", redactor: Redactor | None = None
) -> ValueCheck:
    """Return the check of one input of an action with this method; it raises InvalidValue."""
    if not field.members:
        return compile_input_check(field, load_choices)
    validate_members = compile_validator(MemberGroup.build(field, method), load_choices, redactor)
    return compile_input_check(field, load_choices, compile_object_check(field, validate_members))


def _validate_with_problems(rules: InputRules, given: Mapping[str, Any]) -> Values:
    problems: list[Problem] = []
    spelling_by_key: dict[str, str] = {}
    values: Values = {}
    for spelling, value in given.items():
        key = rules.group.key_by_spelling.get(spelling)
        if key is None:
            problems.append(_build_unknown_problem(rules, spelling))
        elif key in spelling_by_key:
            given_text = f"two values: as {spelling_by_key[key]} and as {spelling}"
            problems.append(Problem(key, given_text, "one", "leave one out"))
        else:
            spelling_by_key[key] = spelling
            _convert_one(rules, key, value, values, problems)
    problems += [
        _build_missing_problem(field, key)
        for key, field in rules.group.inputs.items()
        if field.required and key not in spelling_by_key
    ]
    problem_fields = {problem.field for problem in problems}
    invalid_keys = spelling_by_key.keys() - values.keys()
    given_keys = set(values)
    restated = withdraw_restated_defaults(rules, values)
    apply_defaults(rules, values)
    problems += find_rule_problems(rules, values, given_keys & values.keys() | problem_fields, invalid_keys)
    problems += resolve_spread_duplicates(rules, values, given_keys - restated)
    if problems:
        raise InputError.from_problems(rules.group.action, problems)
    return values


def _convert_one(rules: InputRules, key: str, value: Any, values: Values, problems: list[Problem]) -> None:
    try:
        values[key] = rules.checks[key](value)
    except InvalidMembers as invalid:
        problems += invalid.below(key)
    except InvalidValue as invalid:
        field, given_text = rules.group.inputs[key], rules.preview_value(key, value)
        if field.required and _is_blank(value):
            problems.append(_build_missing_problem(field, key, given_text))
        else:
            problems.append(
                Problem(
                    invalid.field or key,
                    given_text,
                    invalid.expected,
                    rules.redactor.redact_text(invalid.fix, _MAX_FIX_LENGTH),
                )
            )
    except RecursionError:
        expected = f"data nested at most {MAX_JSON_DEPTH} levels deep"
        problems.append(Problem(key, type(value).__name__, expected))


def _build_unknown_problem(rules: InputRules, spelling: Any) -> Problem:
    keys = ", ".join(rules.group.inputs)
    match = closest(str(spelling), rules.group.key_by_spelling)
    meant = suggest_member(rules.group.inputs, str(spelling)) or (match and rules.group.key_by_spelling[match])
    fix = f"did you mean {meant}?" if meant else f"the inputs are {keys or 'none'}"
    if not meant and rules.group.pagination:
        fix += "; pages are followed automatically, and the option limit ends a listing early"
    return Problem(
        rules.redactor.redact_text(str(spelling), 60), "an unknown input", f"an input of {rules.group.action}", fix
    )


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _build_missing_problem(field: Input | Member, key: str, given_text: str = "nothing") -> Problem:
    fix = f"{field.help} Such as {field.example}" if field.example is not None and not field.secret else field.help
    return Problem(key, given_text, "a value: it is required", fix)
