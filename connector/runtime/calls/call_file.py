"""Call files: an action with its inputs, written down. Several documents, or a list, run in order."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.definition import strict_yaml
from connector.definition.loader import read_bytes
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, Finding, InputError, Problem, UsageError
from connector.runtime.calls.factory import Choices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.strict_yaml import Document

LARGEST = 64 << 20
_WORDS = ("action", "connection", "inputs", "retry", "timeout", "limit", "account", "debug", "idempotency_key")


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One call of a file: action, inputs, connection's name, and how to run it."""

    action: str
    given: Mapping[str, Any]
    connection: str | None
    how: Choices

    @property
    def options_and_given(self) -> Mapping[str, Any]:
        """What is given, and the connection where the call names one."""
        return self.given if self.connection is None else {**self.given, "connection": self.connection}


def one_call(call: str | os.PathLike[str] | Mapping[str, Any]) -> Call:
    """Return the one call of a file or mapping. Raises DefinitionError, InputError."""
    if isinstance(call, str | os.PathLike):
        found = list(read_calls(read_bytes(Path(call)), str(call)))
        if len(found) != 1:
            raise UsageError(f"{call} holds {len(found)} calls.", hint="Run them one by one, or on the command line.")
        return found[0]
    return _call(dict(call), strict_yaml.Document("the call", dict(call)), ())


def read_calls(raw: bytes, source: str) -> Iterator[Call]:
    """Read the calls of a YAML or JSON text, in order. Raises DefinitionError with file, line and column."""
    for document in strict_yaml.read_all(raw, source, largest=LARGEST):
        if isinstance(document.data, list):
            for place, item in enumerate(document.data):
                yield _call(item, document, (place,))
        else:
            yield _call(document.data, document, ())


def _call(data: Any, document: Document, path: strict_yaml.Path) -> Call:
    findings = list(_findings(data, document, path))
    if findings:
        raise DefinitionError.of(sorted(findings))
    problems: list[Problem] = []
    given = {key: _known(value, f"inputs.{key}", problems) for key, value in (data.get("inputs") or {}).items()}
    if problems:
        raise InputError.of(data["action"], problems)
    how = {
        name: data[name]
        for name in ("retry", "timeout", "limit", "account", "debug", "idempotency_key")
        if name in data
    }
    return Call(data["action"], given, data.get("connection"), Choices(**how))


def _findings(data: Any, document: Document, path: strict_yaml.Path) -> Iterator[Finding]:
    if not isinstance(data, dict):
        yield document.finding(path, "call", "expected a call: a mapping with `action` and `inputs`.")
        return
    for word in data:
        if word not in _WORDS:
            message = f"{word!r} is not a word here.{did_you_mean(str(word), _WORDS)} Known: {', '.join(_WORDS)}."
            yield document.finding((*path, word), "unknown-word", message, key=True)
    if not isinstance(data.get("action"), str):
        yield document.finding((*path, "action"), "call", "`action` names the action to run.")
    for word, kind, named in (
        ("inputs", dict, "a mapping"),
        ("retry", dict, "a mapping"),
        ("debug", bool, "true or false"),
    ):
        if data.get(word) is not None and not isinstance(data[word], kind):
            yield document.finding((*path, word), "call", f"`{word}` is {named}.")


def _known(value: Any, name: str, problems: list[Problem]) -> Any:
    """Replace `{env: NAME}` by what the environment holds; nothing else is evaluated."""
    if isinstance(value, dict) and set(value) == {"env"} and isinstance(value["env"], str):
        held = os.environ.get(value["env"])
        if not held:
            problems.append(Problem(name, f"the variable {value['env']}", "a variable that is set", "export it first"))
        return held
    return value
