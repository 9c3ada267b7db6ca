"""Hold a chain against the definitions of its actions, whole, before its first call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import FROM_INPUTS, Reference, find_references
from connector.core.chain.samples import UNKNOWN, Samples
from connector.definition.fields import OBJECT_TYPES
from connector.errors import ConnectorError, InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.chain.chain import Chain, Path, Step
    from connector.core.exchange.plan import CompiledConnector
    from connector.definition.action import Action
    from connector.definition.fields import Input

ChainProblem = tuple["Path", str]
_NUMBER_TYPES = ("integer", "number")


def find_problems(chain: Chain, compiled: CompiledConnector) -> Iterator[ChainProblem]:
    """Yield the place and the sentence of everything that cannot work, of every step."""
    samples = Samples(compiled.connector, chain)
    for step in chain.steps:
        if step.each is not None:
            yield from _check_each(step, samples)
            samples.choose_item(step.each)
        if not step.action:
            continue
        try:
            action = compiled.action(step.action).action
        except ConnectorError as error:
            yield from (((*step.path, "action"), text) for text in _list_sentences(error))
            continue
        for reference in find_references(dict(step.inputs)):
            if problem := samples.find_problem(reference):
                yield (*reference.path, "query"), problem
        yield from _check_inputs(step, action, compiled, samples)
        samples.add(step)
    for reference in find_references(dict(chain.keep or {})):
        if problem := samples.find_problem(reference):
            yield (*reference.path, "query"), problem


def find_secret_inputs(chain: Chain, compiled: CompiledConnector) -> set[str]:
    """Return the names of the chain's inputs that a step takes as a secret."""
    names: set[str] = set()
    for step in chain.steps:
        action = compiled.action(step.action).action
        for written, value in step.inputs.items():
            field = action.inputs.get(action.key_by_spelling.get(written, written))
            if field is not None and field.secret:
                taken = (one.query for one in find_references(value) if one.source == FROM_INPUTS and one.query)
                names.update(query.expression.strip('"') for query in taken)
    return names


def _check_each(step: Step, samples: Samples) -> Iterator[ChainProblem]:
    for reference in find_references(step.each):
        if problem := samples.find_problem(reference):
            yield (*reference.path, "query"), problem
    items = samples.take(step.each)
    if items is not UNKNOWN and not isinstance(items, list):
        yield (*step.path, "each"), f"`each` is a list, and {step.each} is {_describe_kind(items)}."


def _check_inputs(step: Step, action: Action, compiled: CompiledConnector, samples: Samples) -> Iterator[ChainProblem]:
    """Check the inputs of a step; one that a reference fills in counts as given, and is judged by its kind alone."""
    given: dict[str, Any] = {}
    open_keys: set[str] = set()
    for written, value in step.inputs.items():
        key = action.key_by_spelling.get(written, written)
        if not any(find_references(value)):
            given[written] = value
            continue
        open_keys.add(key)
        field, sample = action.inputs.get(key), samples.take(value)
        if field is None:
            given[written] = UNKNOWN  # an unknown input, which the check of all tells
        elif sample is not UNKNOWN and (expected := _find_misfit(field, sample)):
            source = f"{value} is" if isinstance(value, Reference) else "it is"
            yield (*step.path, "inputs", written), f"{key}: {source} {_describe_kind(sample)}; expected {expected}."
        elif field.example is not None or sample is not UNKNOWN:
            given[written] = sample if field.example is None else field.example
    for problem in _find_input_problems(step.action, given, compiled):
        head = problem.field.partition(".")[0].partition("[")[0]
        is_unknown_input = action.key_by_spelling.get(head, head) not in action.inputs
        if is_unknown_input or not _mentions(problem, head, open_keys):
            yield _locate(step, action, head), f"{step.action}: {problem}"


def _list_sentences(error: ConnectorError) -> list[str]:
    return [str(problem) for problem in error.problems] if isinstance(error, InputError) else [str(error)]


def _describe_kind(value: Any) -> str:
    """Return what a value is, as YAML has it."""
    kinds = ((bool, "true or false"), (int | float, "a number"), (str, "a text"), (dict, "a mapping"), (list, "a list"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "nothing")


def _find_input_problems(name: str, given: dict[str, Any], compiled: CompiledConnector) -> list[Problem]:
    try:
        compiled.action(name).validate(given)
    except InputError as error:
        return list(error.problems)
    return []


def _mentions(problem: Problem, head: str, open_keys: set[str]) -> bool:
    """Whether a problem is about an input whose value is not known yet."""
    texts = f"{problem.got} {problem.expected} {problem.fix}".replace(",", " ").replace(".", " ").split()
    return head in open_keys or bool(open_keys.intersection(texts))


def _locate(step: Step, action: Action, head: str) -> Path:
    written = next((key for key in step.inputs if key == head or action.key_by_spelling.get(key) == head), None)
    return (*step.path, "action") if written is None else (*step.path, "inputs", written)


def _find_misfit(field: Input, sample: Any) -> str | None:
    """Return what an input of this type takes where a value cannot fit it, of whatever length or spelling it is."""
    if field.type in ("json", "file", "pairs", "scalar"):
        return None
    if field.is_map or field.type in OBJECT_TYPES:
        fits = isinstance(sample, dict | list)
    elif field.is_list:
        fits = not isinstance(sample, dict)
    elif field.type in _NUMBER_TYPES and isinstance(sample, str):
        fits = _is_number(sample)
    else:
        fits = not isinstance(sample, dict | list)
    return None if fits else f"a value of the type {field.type}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
