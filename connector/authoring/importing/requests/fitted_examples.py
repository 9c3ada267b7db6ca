"""Examples of actions whose bodies fit the description: another is made where the first one does not."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.importing.action_examples import (
    choose_inputs,
    compile_alone,
    iter_action_examples,
    state_example,
)
from connector.authoring.importing.evidence.shapes import is_json
from connector.authoring.importing.requests.body_examples import ABSENT, BodyFitter
from connector.authoring.importing.requests.body_judge import SEVERAL, BodyJudge
from connector.authoring.importing.requests.given_inputs import read_body_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.building.words import Remarks, Words
    from connector.authoring.importing.description import ApiBody, Operation
    from connector.authoring.importing.document import ApiDocument
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest

_MOST_SHOWN = 200


class _Tools(NamedTuple):
    """What judges and makes the bodies of one document."""

    judge: BodyJudge
    fitter: BodyFitter


class ExampleMaker:
    """Makes the examples of actions beside a manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._tools: dict[int, _Tools] = {}

    def iter_examples(self, action: Action, operation: Operation, remarks: Remarks) -> Iterator[Words]:
        """Yield examples of an action: those whose body fits the description, then others with valid inputs.

        Where no body fits, it is remarked.
        """
        valid = list(iter_action_examples(self._manifest, action))
        yield from self._list_better(action, operation, valid[0] if valid else None, remarks)
        yield from valid

    def _list_better(
        self, action: Action, operation: Operation, example: Words | None, remarks: Remarks
    ) -> Iterator[Words]:
        """Yield examples whose body fits where that of the first one does not."""
        body = operation.body
        if body is None or not is_json(body.content_type) or (example is not None and "body" not in example["request"]):
            return
        tools = self._find_tools(operation.document)
        try:
            misfit = "" if example is None else tools.judge.find_misfit(body.schema, example["request"]["body"])
            if body.example is not None and (wrong := tools.judge.find_misfit(body.schema, body.example)):
                remarks.ask("examples", "The example of the description does not fit its own schema.", _shorten(wrong))
        except ValueError as error:
            remarks.ask("examples", "No body can be held to its schema. What is meant?", _shorten(str(error)))
            return
        if misfit is None:
            return
        has_fitting = False
        for fitted in self._list_fitting(action, body, example or {"inputs": choose_inputs(action)}, tools):
            has_fitting = True
            yield fitted
        if not has_fitting and misfit:
            question = "Its objects do not exclude one another." if SEVERAL in misfit else "No example fits the schema."
            remarks.ask("examples", f"{question} What is right?", _shorten(misfit))

    def _find_tools(self, document: ApiDocument) -> _Tools:
        if id(document) not in self._tools:
            judge = BodyJudge(document)
            self._tools[id(document)] = _Tools(judge, BodyFitter(document, judge))
        return self._tools[id(document)]

    def _list_fitting(self, action: Action, body: ApiBody, example: Words, tools: _Tools) -> Iterator[Words]:
        """Yield examples that fit: with what is given now, with what the vendor shows, with what is needed alone."""
        compiled = compile_alone(self._manifest, action)
        others = {key: value for key, value in example["inputs"].items() if action.inputs[key].location.part != "body"}
        now = example.get("request", {}).get("body", ABSENT)
        shown = ABSENT if body.example is None else body.example
        for offered in (now, tools.fitter.leave_out(body.schema, now), shown, ABSENT):
            fitted = tools.fitter.fit(body.schema, deepcopy(offered) if offered is not ABSENT else ABSENT)
            if fitted is ABSENT:
                continue
            made: Any = state_example(compiled, action, {**others, **read_body_inputs(action, fitted)})
            if made is not None and tools.judge.accepts(body.schema, made["request"].get("body")):
                yield made


def _shorten(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
