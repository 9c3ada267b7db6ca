"""Call files: YAML documents, or lists, of actions with their inputs and options."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.definition.case import to_snake_case
from connector.definition.loader import read_bytes
from connector.definition.suggest import did_you_mean
from connector.errors import CallProblem, DefinitionError, Problem
from connector.first_use import dataclass
from connector.runtime.calls.call_options import OPTION_NAMES, CallOptions
from connector.runtime.process.argument_types import require_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.parsers.strict_yaml import Document, NodePath
    from connector.errors import Finding

    CallSource = str | os.PathLike[str] | Mapping[str, Any] | Sequence[Mapping[str, Any]]

MAX_CALL_FILE_BYTES = 64 << 20
_OPTION_KEYS = tuple(name for name in OPTION_NAMES if name != "observers")
_CALL_KEYS = ("action", "inputs", *_OPTION_KEYS)


@dataclass(frozen=True, slots=True, repr=False)
class CallSpec:
    """One call of a file: the action, its inputs, and its options; and where it stands in which document."""

    action: str
    given: Mapping[str, Any]
    options: CallOptions
    document: Document
    path: NodePath

    def locate(self, problem: Problem) -> CallProblem:
        """Return a problem of this call with the line of the value, or of the call where none is given."""
        name = to_snake_case(problem.field.removeprefix("inputs.").partition(".")[0])
        inputs = (*self.path, "inputs")
        places = [(*inputs, key) for key in self.given if to_snake_case(key) == name]
        places += [(*self.path, name), (*self.path, "action")]
        path = next((place for place in places if place in self.document.key_positions), self.path)
        line = self.document.find_position(path, key=True).line
        facts = (problem.field, problem.got, problem.expected, problem.fix)
        return CallProblem(*facts, file=self.document.source, line=line, action=self.action)


def load_calls(call: CallSource) -> CallSpec | list[CallSpec]:
    """Return the call of a file or a mapping; of a file with several, or a list of mappings, all of them.

    Raises DefinitionError with every mistake of their form, UsageError.
    """
    if isinstance(call, str | os.PathLike):
        specs = read_calls(read_bytes(Path(call)), str(call))
        return specs[0] if len(specs) == 1 else specs
    wanted = "the path of a call file, or a mapping as it holds; or a list of such mappings"
    require_type("call", call, (Mapping, list, tuple), wanted, 'Such as "call.yaml".')
    from connector.definition.parsers.strict_yaml import Document

    if isinstance(call, Mapping):
        return _build_specs([(Document("the call", dict(call)), (), dict(call))])[0]
    document = Document("the calls", list(call))
    return _build_specs([(document, (index,), item) for index, item in enumerate(call)])


def read_calls(raw: bytes, source: str) -> list[CallSpec]:
    """Read the calls of a YAML or JSON text, in order. Raises DefinitionError with every mistake of its form."""
    from connector.definition.parsers import strict_yaml

    entries: list[tuple[Document, NodePath, Any]] = []
    for document in strict_yaml.read_all(raw, source, max_bytes=MAX_CALL_FILE_BYTES):
        if isinstance(document.data, list):
            entries += [(document, (index,), item) for index, item in enumerate(document.data)]
        else:
            entries.append((document, (), document.data))
    return _build_specs(entries)


def _build_specs(entries: list[tuple[Document, NodePath, Any]]) -> list[CallSpec]:
    findings = [finding for document, path, data in entries for finding in _check_call(data, document, path)]
    if findings:
        raise DefinitionError.from_findings(sorted(findings))
    return [_build_spec(document, path, data) for document, path, data in entries]


def _build_spec(document: Document, path: NodePath, data: Any) -> CallSpec:
    problems: list[Problem] = []
    given = {key: _resolve_env(value, f"inputs.{key}", problems) for key, value in (data.get("inputs") or {}).items()}
    options = CallOptions.parse(**{name: data[name] for name in _OPTION_KEYS if name in data})
    options = replace(options, problems=(*problems, *options.problems)) if problems else options
    return CallSpec(data["action"], given, options, document, path)


def _check_call(data: Any, document: Document, path: NodePath) -> Iterator[Finding]:
    if not isinstance(data, dict):
        yield document.build_finding(path, "call", "expected a call: a mapping with `action` and `inputs`.")
        return
    for key in data:
        if key not in _CALL_KEYS:
            message = f"Unknown key {key!r}.{did_you_mean(str(key), _CALL_KEYS)} Known: {', '.join(_CALL_KEYS)}."
            yield document.build_finding((*path, key), "unknown-word", message, key=True)
    if not isinstance(data.get("action"), str):
        yield document.build_finding((*path, "action"), "call", "`action` must name the action to run.")
    for key, expected_type, type_name in (
        ("inputs", dict, "a mapping"),
        ("retry", dict, "a mapping"),
        ("debug", bool, "true or false"),
    ):
        if data.get(key) is not None and not isinstance(data[key], expected_type):
            yield document.build_finding((*path, key), "call", f"`{key}` must be {type_name}.")


def _resolve_env(value: Any, name: str, problems: list[Problem]) -> Any:
    """Replace `{env: NAME}` by the value of the variable; nothing else is evaluated."""
    if isinstance(value, dict) and set(value) == {"env"} and isinstance(value["env"], str):
        env_value = os.environ.get(value["env"])
        if not env_value:
            problems.append(Problem(name, f"the variable {value['env']}", "a variable that is set", "export it first"))
        return env_value
    return value
