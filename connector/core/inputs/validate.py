"""Validate given inputs: return checked values, or raise one InputError with every problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.inputs.coerce import MAX_JSON_DEPTH, Values, check_depth
from connector.core.inputs.fast_path import compile_fast_path
from connector.core.inputs.field_checks import compile_input_check
from connector.core.inputs.objects import (
    InvalidMembers,
    ObjectLayout,
    RejectedMembers,
    compile_object_check,
    suggest_entry,
    suggest_member,
)
from connector.core.inputs.relations import (
    InputRules,
    apply_defaults,
    apply_rules_fast,
    find_rule_problems,
    resolve_spread_duplicates,
    withdraw_restated_defaults,
)
from connector.core.inputs.variants import choose_variant
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import Redactor, default_redactor
from connector.definition.action import UPDATE_METHODS
from connector.definition.forms.sentences import describe_choices, format_value
from connector.definition.inputs.input_group import MemberGroup, describe_variants
from connector.definition.inputs.spellings import index_spellings
from connector.definition.suggest import closest
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.inputs.fast_path import FastPath
    from connector.core.inputs.field_checks import ChoicesLoader, ValueCheck
    from connector.definition.action import Action
    from connector.definition.fields import Input, InputField, Member, Variant
    from connector.definition.inputs.input_group import InputGroup

RUN_OPTIONS = ("connection", "debugRequest", "debug_request")  # run options that may be passed among the inputs

_MAX_FIX_LENGTH = 1_000


class GroupValidator:
    """Validates the inputs of an action, or the members of an object: mapping -> values. Raises InputError.

    A valid group costs one pass. Of an invalid one, `accept` says no at the first problem and `explain` finds all, so
    that each value is looked at twice at most, however deep it lies.
    """

    def __init__(
        self, group: InputGroup, checks: Mapping[str, FieldCheck], accept: FastPath, rules: InputRules
    ) -> None:
        self.group, self.checks = group, checks
        self._accept, self._rules = accept, rules

    def __call__(self, given: Mapping[str, Any]) -> Values:
        """Return the values. Raises InputError."""
        values = self.accept(given)
        return self.explain(given) if values is None else values

    def accept(self, given: Mapping[str, Any]) -> Values | None:
        """Return the values; None where the full check must decide."""
        values = self._accept(given)
        return values if values is not None and apply_rules_fast(self._rules, values, given.keys()) else None

    def explain(self, given: Mapping[str, Any]) -> Values:
        """Return the values. Raises InputError with every problem."""
        return _validate_with_problems(self._rules, given)


class FieldCheck(NamedTuple):
    """The check of one field, twice: one that says no at the first problem, and one that tells all."""

    accept: ValueCheck
    explain: ValueCheck


def compile_validator(action: Action, load_choices: ChoicesLoader, redactor: Redactor | None = None) -> GroupValidator:
    """Return what validates the inputs of an action. `redactor` masks secrets in the values that problems show."""
    return _CheckCompiler(load_choices, action.method, redactor or default_redactor()).compile_group(action)


def compile_check(field: Input | Member, load_choices: ChoicesLoader, method: str = "") -> ValueCheck:
    """Return the check of one input of an action with this method; it raises InvalidValue."""
    return _CheckCompiler(load_choices, method, default_redactor()).compile_field(field, field.location.part).explain


class _CheckCompiler:
    """Compiles the checks of one action; those of an object when it is first given, since types may name themselves."""

    def __init__(self, load_choices: ChoicesLoader, method: str, redactor: Redactor) -> None:
        self._load_choices, self._method, self._redactor = load_choices, method, redactor
        self._members: dict[tuple[int, str], _MemberChecks] = {}  # by the field that declares them, and the part

    def compile_group(self, group: InputGroup, part: str | None = None) -> GroupValidator:
        """Compile the inputs of a group; `part` is that of the request where an object stands."""
        parts = {key: part or field.location.part for key, field in group.inputs.items()}
        checks = {key: self.compile_field(field, parts[key]) for key, field in group.inputs.items()}
        accepts = {key: check.accept for key, check in checks.items()}
        explains = {key: check.explain for key, check in checks.items()}
        return GroupValidator(
            group,
            checks,
            compile_fast_path(group.inputs, accepts, self._load_choices, parts),
            InputRules.compile(group, explains, self._redactor),
        )

    def compile_field(self, field: Input | Member, part: str) -> FieldCheck:
        """Compile the check of one input or member within a part of the request."""
        if not field.members:
            check = compile_input_check(field, self._load_choices, part)
            return FieldCheck(check, check)
        members = self._members.get((id(field), part))
        if members is None:
            members = self._members[id(field), part] = _MemberChecks(self, field, part)
        return FieldCheck(
            *(
                compile_input_check(
                    field, self._load_choices, part, _limit_depth(compile_object_check(field, validate))
                )
                for validate in (members.accept, members.explain)
            )
        )

    def compile_members(self, field: InputField, variant: Variant | None, part: str) -> GroupValidator:
        """Compile the members of an object: those of a variant, or the common ones."""
        if variant is None:
            return self.compile_group(MemberGroup.build_common(field, self._method), part)
        return self.compile_group(MemberGroup.build(field, self._method, variant), part)

    def has_default(self, member: InputField) -> bool:
        """Whether a default is sent where a member is not given."""
        return member.has_default and self._method not in UPDATE_METHODS


class _MemberChecks:
    """The checks of the members of one object, for each of its variants, compiled when they are first needed."""

    def __init__(self, compiler: _CheckCompiler, field: InputField, part: str) -> None:
        self._compiler, self._field, self._part = compiler, field, part
        self._compiled: dict[int, tuple[GroupValidator, ObjectLayout]] = {}  # by variant

    def accept(self, given: Mapping[str, Any]) -> tuple[Values, ObjectLayout]:
        """Return the values of an object's members. Raises RejectedMembers, or InvalidValue."""
        variant = self._choose_variant(given)
        if self._field.declared_variants and variant is None:
            raise RejectedMembers
        validator, layout = self._compile(variant)
        values = validator.accept(given)
        if values is None:
            raise RejectedMembers
        return values, layout

    def explain(self, given: Mapping[str, Any]) -> tuple[Values, ObjectLayout]:
        """Return the values of an object's members. Raises InputError with every problem, or InvalidValue."""
        variant = self._choose_variant(given)
        validator, layout = self._compile(variant)
        if self._field.declared_variants and variant is None:  # what says which variant it is, is wrong or missing
            others = self._field.members.keys() - self._field.declared.keys()
            spellings = {spelling for spelling, key in index_spellings(self._field.members).items() if key in others}
            validator.explain({name: value for name, value in given.items() if name not in spellings})
            raise InvalidValue(f"one of {describe_variants(self._field)}", "say which one it is")
        return validator.explain(given), layout

    def _choose_variant(self, given: Mapping[str, Any]) -> Variant | None:
        return choose_variant(self._field, given, self._read_tag) if self._field.declared_variants else None

    def _read_tag(self, key: str, value: Any) -> Any:
        member = self._field.declared[key]
        if value is None and self._compiler.has_default(member):
            return member.default
        return None if value is None else self._compile(None)[0].checks[key].explain(value)

    def _compile(self, variant: Variant | None) -> tuple[GroupValidator, ObjectLayout]:
        compiled = self._compiled.get(id(variant))
        if compiled is None:
            validator = self._compiler.compile_members(self._field, variant, self._part)
            compiled = self._compiled[id(variant)] = validator, ObjectLayout(validator.group.inputs)  # type: ignore[arg-type]
        return compiled


def _limit_depth(check: ValueCheck) -> ValueCheck:
    """Return a check that refuses what is nested too deeply, before it is followed that far."""

    def check_shallow(value: Any) -> Any:
        check_depth(value)
        return check(value)

    return check_shallow


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
    problem_fields = {name for problem in problems for name in (problem.field, problem.field.partition(".")[0])}
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
    owner = rules.group.owner_by_spelling.get(str(spelling)) if isinstance(rules.group, MemberGroup) else None
    if owner is not None:
        expected = f"a member of {rules.group.action}, not of {owner}"
        return Problem(str(spelling), "a value", expected, "leave it out")
    keys = ", ".join(rules.group.inputs)
    match = closest(str(spelling), rules.group.key_by_spelling)
    meant = suggest_member(rules.group.inputs, str(spelling)) or (match and rules.group.key_by_spelling[match])
    fix = f"did you mean {meant}?" if meant else f"the inputs are {keys or 'none'}"
    fix = suggest_entry(rules.group.inputs, str(spelling)) or fix
    if not meant and rules.group.pagination:
        fix += "; pages are followed automatically, and the option limit ends a listing early"
    return Problem(
        rules.redactor.redact_text(str(spelling), 60), "an unknown input", f"an input of {rules.group.action}", fix
    )


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _build_missing_problem(field: Input | Member, key: str, given_text: str = "nothing") -> Problem:
    fix = " ".join([field.help, *describe_choices(field, field.typed_choices)])
    names_value = '"' in field.help  # such as "me", which is the better example
    if field.example is not None and not (names_value or field.typed_choices or field.secret):
        fix += f" Such as {format_value(field.example)}"
    return Problem(key, given_text, "a value: it is required", fix)
