"""Rules of examples: each is run, and must send the request that it states."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.core.exchange.plan import compile_action
from connector.core.request.body import to_wire_text
from connector.definition.inputs.request_location import RequestLocation
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.core.request.body import Body
    from connector.core.request.builder import Request
    from connector.definition.action import Action, Example, ExpectedRequest
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "examples-run"
# Rules whose violations an example would only repeat.
PREREQUISITE_RULES = (
    "place", "one-place", "path-complete", "request-path", "requires-exist", "conflicts-mutual", "limits", "pattern",
    "choices-typed", "choices-file", "default-fits", "default-or-required", "no-default-on-update", "no-effect",
    "keys-fold", "body-on-get", "no-templates", "secret-default", "known-type", "endless-type", "variants",
)  # fmt: skip
RUN_OPTIONS = ("connection", "debugRequest")  # beside the inputs of a call
_MAX_SHOWN_LENGTH = 120


def prepare_inputs(action: Action, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of an example as a caller gives them: files with their data, without options of the run.

    A file is written as its name, or as `{name: report.csv, content: "a,b"}`.
    """
    prepared = {}
    for spelling, value in inputs.items():
        definition = action.inputs.get(action.key_by_spelling.get(spelling, spelling))
        if spelling in RUN_OPTIONS:
            continue
        prepared[spelling] = _open_file(value) if definition is not None and definition.type == "file" else value
    return prepared


def _open_file(value: Any) -> Any:
    """Return an example's file as a name and bytes; anything else unchanged, to be told as a problem."""
    if isinstance(value, str):
        return value, f"The content of {value}.".encode()
    if (
        isinstance(value, dict)
        and value.keys() == {"name", "content"}
        and all(isinstance(v, str) for v in value.values())
    ):
        return value["name"], value["content"].encode()
    return value


def check_examples(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check the inputs of each example, build its request, and compare it with the stated one."""
    action = file.model
    if not action.examples:
        yield Violation(
            ("examples",),
            "has-example",
            "add at least one example: `inputs` and the `request` that they send.",
            key=True,
        )
    if not file.is_valid:
        return
    for name in action.examples:
        yield from check_example(action, folder, name)


def check_example(action: Action, folder: ConnectorFolder, name: str) -> Iterator[Violation]:
    """Check one example of an action."""
    example, path = action.examples[name], ("examples", name)
    compiled = compile_action(folder.connector, action.action)
    constant_locations = {_identify_location(RequestLocation.parse(to)) for to in folder.manifest_or_blank.constants}
    try:
        request = compiled.build_request(compiled.validate(prepare_inputs(action, example.inputs)))
    except InputError as error:
        yield from _build_input_violations((*path, "inputs"), action, example, error)
        return
    for word, message in _find_differences(example.request, request, constant_locations):
        is_declared = getattr(example.request, word) is not None and word in example.request.model_fields_set
        yield Violation((*path, "request", word) if is_declared else (*path, "request"), RULE, message, key=True)


def _build_input_violations(path: NodePath, action: Action, example: Example, error: InputError) -> Iterator[Violation]:
    spelling_by_key = {action.key_by_spelling.get(spelling, spelling): spelling for spelling in example.inputs}
    for problem in error.problems:
        given_key = spelling_by_key.get(problem.field.partition(".")[0])
        violation_path = (*path, given_key) if given_key else path
        yield Violation(violation_path, RULE, f"{problem}", key=given_key is None)


def _find_differences(
    expected: ExpectedRequest, request: Request, constant_locations: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield each key of `request` that differs from what is sent, with a message."""
    if expected.method is not None and expected.method.upper() != request.method:
        yield "method", f"the method that is sent is {request.method}."
    if expected.path != request.path:
        yield "path", f"the path that is sent is {request.path}"
    yield from _compare_pairs("query", _encode_pairs(expected.query.items()), request.query, constant_locations)
    headers = request.headers
    if request.body is not None and any(name.lower() == "content-type" for name in expected.headers):
        headers = (*headers, ("Content-Type", request.body.content_type or "multipart/form-data"))
    yield from _compare_pairs("headers", _encode_pairs(expected.headers.items()), headers, constant_locations)
    yield from _compare_bodies(expected, request)


def _compare_pairs(
    word: str,
    expected_pairs: Iterable[tuple[str, Any]],
    actual_pairs: Iterable[tuple[str, Any]],
    constant_locations: set[tuple[str, str]],
) -> Iterator[tuple[str, str]]:
    part = "header" if word == "headers" else word
    expected, actual = _group_pairs(expected_pairs, part), _group_pairs(actual_pairs, part)
    for name in sorted(expected.keys() | actual.keys()):
        if name not in expected and (part, name) in constant_locations:
            continue
        if expected.get(name) != actual.get(name):
            outcome = "not sent" if name not in actual else f"sent as {', '.join(map(repr, actual[name]))}"
            yield word, f"{name} is {outcome}{'' if name in expected else ', but not stated here'}."


def _group_pairs(pairs: Iterable[tuple[str, Any]], part: str) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for name, value in pairs:
        groups.setdefault(name.lower() if part == "header" else name, []).append(value)
    return groups


def _identify_location(location: RequestLocation) -> tuple[str, str]:
    name = ".".join(location.path)
    return location.part, name.lower() if location.part == "header" else name


def _encode_pairs(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return pairs as they are sent: a list repeats its name."""
    return [
        (name, "" if item is None else to_wire_text(item))
        for name, value in pairs
        for item in (value if isinstance(value, list) else [value])
    ]


def _compare_bodies(expected: ExpectedRequest, request: Request) -> Iterator[tuple[str, str]]:
    body = request.body
    if body is None:
        word = "body" if expected.body is not None else "form"
        if expected.body is not None or expected.form is not None:
            yield word, "no body is sent."
    elif body.kind in ("form", "multipart") and expected.body is not None:
        yield "body", f"a {body.kind} is sent; state it as `form`."
    elif body.kind not in ("form", "multipart") and expected.form is not None:
        yield "form", "no form is sent; state the body as `body`."
    elif body.kind in ("form", "multipart"):
        pairs = _list_parts(body) if body.kind == "multipart" else list(body.value)
        yield from _compare_forms([] if expected.form is None else _list_form_pairs(expected.form), pairs)
    elif isinstance(body.value, bytes) and isinstance(expected.body, str):
        if expected.body.encode() != body.value:
            yield (
                "body",
                f"the body that is sent has {len(body.value)} bytes: {_shorten(body.value.decode(errors='replace'))}",
            )
    elif json.dumps(expected.body, sort_keys=True) != json.dumps(body.value, sort_keys=True, default=repr):
        yield "body", f"the body that is sent is {_shorten(_diff_bodies(expected.body, body.value))}"


def _compare_forms(expected: list[tuple[str, Any]], actual: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what differs for each name; the order counts only where nothing else differs."""
    differences = list(_compare_pairs("form", expected, actual, set()))
    yield from differences
    if expected != actual and not differences:
        yield "form", f"the form is sent in another order: {', '.join(dict.fromkeys(name for name, _ in actual))}."


def _list_parts(body: Body) -> list[tuple[str, Any]]:
    """Return the parts of a multipart body as an example states them: a file by its name, JSON as data."""
    return [(part.name, part.file_name if part.file_name is not None else part.data) for part in body.value]


def _list_form_pairs(form: Mapping[str, Any] | list[list[str]]) -> list[tuple[str, Any]]:
    pairs = form.items() if not isinstance(form, list) else ((pair[0], pair[-1]) for pair in form if pair)
    return [
        entry
        for name, value in pairs
        for entry in ([(name, value)] if isinstance(value, dict) else _encode_pairs([(name, value)]))
    ]


def _diff_bodies(expected: Any, actual: Any) -> Any:
    """Return the part of a body that differs, to keep the message short."""
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return actual
    differing = {name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name)}
    if not differing:
        return actual
    return {
        name: _diff_bodies(expected.get(name), actual[name]) if name in actual else "nothing"
        for name in sorted(differing)
    }


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[: _MAX_SHOWN_LENGTH - 3]}..."
