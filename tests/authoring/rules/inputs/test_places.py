"""One place has one value: two inputs go to one place only where a call never has both."""

from __future__ import annotations

import pytest

from connector import Client, errors
from connector.authoring.lint import lint
from connector.core.exchange.plan import compile_action
from connector.sandbox.sandbox import Sandbox

SAY = """
action: say
label: Say
summary: Say something.
request: POST /comments
inputs:
  text: {{label: Text, help: What it says., type: string, {text}to: body.runs.0.text, adds: {{body.runs.0.kind: plain}}, example: a}}
  runs:
    label: Runs
    help: What it says, with styles.
    type: list of object
    {runs}to: {place}
    fields:
      text: {{label: Text, help: What it says., type: string, required: true, example: a}}
      kind: {{label: Kind, help: How., type: string, choices: {{plain: Plain, bold: Bold}}}}
    example: [{{text: a}}]
any_of:
  - {{of: [text, runs]}}
"""
BOTH = {"text": "conflicts_with: runs, ", "runs": "conflicts_with: text\n    ", "place": "body.runs"}


def tell(folder, words):
    findings = lint(folder("", {"say": SAY.format(**words)}).folder)
    return [finding.message for finding in findings if finding.rule == "one-place"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (BOTH, 0),
        ({**BOTH, "text": "", "runs": ""}, 1),
        ({**BOTH, "text": ""}, 1),
        ({**BOTH, "place": "body.runs.0.text"}, 1),
    ],
)
def test_only_inputs_that_exclude_each_other_may_have_one_place_within_the_other(folder, words, told):
    assert len(tell(folder, words)) == told


@pytest.mark.parametrize(
    ("given", "runs"),
    [({"text": "a"}, [{"text": "a", "kind": "plain"}]), ({"runs": [{"text": "b", "kind": "bold"}]}, [{"text": "b", "kind": "bold"}])],
)  # fmt: skip
def test_the_one_that_is_given_is_sent_and_the_sandbox_takes_it(folder, given, runs):
    connector = folder("", {"say": SAY.format(**BOTH)})
    action = compile_action(connector, "say")
    assert action.build_request(action.validate(given)).body.value == {"runs": runs}
    sandbox = Sandbox(connector)
    with Client(connector, sandbox.connection, http=sandbox.http) as client:
        assert client.run("say", given).status == 201
        with pytest.raises(errors.ConnectorError) as caught:
            client.request("POST", "/comments", data={"runs": [{"text": "b", "kind": "loud"}]})
    assert "runs.0.kind" in str(caught.value.to_dict())
