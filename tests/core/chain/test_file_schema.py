"""An editor is told what a call file takes: the schema has every word, and marks what cannot run."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from connector import Connector
from connector.core.chain.file_schema import OPTION_SCHEMAS, build_file_schema
from connector.definition.parsers import strict_yaml
from connector.errors import InputError
from connector.runtime.calls.call_options import OPTION_NAMES

REPOSITORY = Path(__file__).parents[3]
FOLDERS = [
    "examples/hubspot",
    "examples/notion",
    "examples/twilio",
    "tests/connectors/shopify",
    "tests/connectors/binance",
]


def make_check(connector):
    schema = build_file_schema(connector, connector.action_files)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return lambda data: sorted({".".join(map(str, error.absolute_path)) for error in validator.iter_errors(data)})


@pytest.fixture(scope="module")
def check():
    """Return where a file of the bundled connector is marked."""
    return make_check(Connector.open())


def read(text):
    return strict_yaml.read(text.encode(), "file.yaml").data


def test_the_call_files_of_the_examples_are_right(check):
    paths = sorted((REPOSITORY / "examples/calls").glob("*.yaml"))
    assert len(paths) > 2
    assert {path.name: check(read(path.read_text("utf-8"))) for path in paths} == {path.name: [] for path in paths}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_examples_of_any_connector_are_right(folder):
    connector = Connector.open(REPOSITORY / folder)
    check = make_check(connector)
    found = {
        (name, title): check({"action": name, "inputs": dict(example.inputs)})
        for name in connector.action_files
        for title, example in connector.action(name).examples.items()
    }
    assert found
    assert {key: marks for key, marks in found.items() if marks} == {}


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("action: getUser\ninputs: {userId: me}\ntimeout: 10s\nretry: {maxRetries: 3}\n", []),
        ("- action: getUser\n  inputs: {userId: {env: WHO}}\n- action: getUser\n  inputs: {userId: me}\n", []),
        ("action: getUsers\n", ["action"]),
        ("action: getUser\ninputs: {user: me}\n", ["inputs"]),
        ("action: createMeeting\ninputs: {userId: me, duration: long}\n", ["inputs.duration"]),
        ("action: createMeeting\ninputs: {userId: me, duration: {env: LONG}}\n", []),
        ("action: createMeeting\ninputs: {userId: me, weeklyDay: [{form: x}]}\n", ["inputs.weeklyDay.0"]),
        ("action: getUser\ninput: {}\n", [""]),
        ("steps: {me: {action: getUser, inputs: {userId: {from: each}}, each: [a]}}\nkeep: {all: {from: me}}\n", []),
        ("steps: {me: {action: getUser, inputs: {userId: 5}}}\n", ["steps.me.inputs.userId"]),
        ("steps: {me: {action: getUser, inputs: {userId: me}, concurrency: 2}}\n", ["steps.me"]),
        ("steps: {each: {action: getUser, inputs: {userId: me}}}\n", ["steps"]),
        ("steps: {me: {action: getUser, inputs: {userId: me}}}\nkeep: {id: me}\n", ["keep.id"]),
        ("inputs: {who: }\nsteps: {me: {action: getUser, inputs: {userId: {from: inputs, query: who}}}}\n", []),
    ],
)
def test_what_cannot_run_is_marked_where_it_stands(check, text, marks):
    assert check(read(text)) == marks


def test_every_option_of_a_call_is_known():
    assert {*OPTION_SCHEMAS} == {*OPTION_NAMES} - {"observers"}


def test_the_schema_of_one_action_takes_no_other():
    connector = Connector.open()
    schema = build_file_schema(connector, ["getUser"])
    assert not jsonschema.Draft202012Validator(schema).is_valid({"action": "listUsers"})
    with pytest.raises(InputError):
        build_file_schema(connector, ["getUsers"])
