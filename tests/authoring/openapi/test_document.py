"""An exported document is valid OpenAPI, says what is sent, and has every word of the folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from connector import Connector
from connector.authoring import scaffold
from connector.authoring.lint import lint
from connector.authoring.openapi.document import build_document
from connector.authoring.rules.examples import prepare_inputs
from connector.cli.main import run
from connector.core.exchange.plan import compile_action
from connector.definition.loader import find_bundled_folder
from connector.definition.parsers import strict_yaml
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
FOLDERS = [
    path.parent for place in ("examples", "tests/connectors") for path in sorted(ROOT.glob(f"{place}/*/manifest.yaml"))
]
SCHEMATHESIS = shutil.which("schemathesis") or shutil.which("schemathesis", path=str(Path(sys.executable).parent))


@pytest.fixture(scope="session")
def documents():
    """Return the document of each folder, by the connector's name."""
    connectors = [Connector.open(), *map(Connector.open, FOLDERS)]
    return {connector.name: (connector, build_document(connector)) for connector in connectors}


def test_every_document_is_valid_openapi(documents):
    validator = pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")
    for _, document in documents.values():
        validator.validate(json.loads(json.dumps(document)))


def test_every_example_of_every_action_fits_what_its_operation_says(documents):
    checked = 0
    for connector, document in documents.values():
        for action in connector.actions():
            operation = document["paths"].get(action.path, {}).get(action.method.lower(), {})
            if operation.get("operationId") != action.action:
                continue
            compiled = compile_action(connector, action.action)
            for example in action.examples.values():
                request = compiled.build_request(compiled.validate(prepare_inputs(action, example.inputs)))
                check_request(document, operation, request)
                checked += 1
    assert checked > 60


def read_words(path):
    """Return the words of a file, or None where there is none."""
    return strict_yaml.read(path.read_bytes(), path.name).data if path.is_file() else None


def check_request(document, operation, request):
    """Check the body and the query of a request against its operation."""
    names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    assert {name for name, _ in request.query} <= names, operation["operationId"]
    required = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query" and one["required"]}
    assert required <= {name for name, _ in request.query}, operation["operationId"]
    if request.body is None or request.body.kind != "json":
        return
    [content] = operation["requestBody"]["content"].values()
    registry = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    schema = json.loads(json.dumps(content["schema"]).replace('"#/', '"urn:document#/'))
    errors = list(jsonschema.Draft202012Validator(schema, registry=registry).iter_errors(request.body.value))
    assert errors == [], f"{operation['operationId']}: {errors[0].message}"


def test_every_action_is_an_operation_or_is_carried_beside_them(documents):
    for connector, document in documents.values():
        operations = {one["operationId"] for item in document["paths"].values() for one in item.values()}
        beside = {words["action"] for words in document["x-connector"]["actions"]}
        assert operations | beside == {action.action for action in connector.actions()}


def test_events_are_webhooks(documents):
    connector, document = documents["zoom"]
    assert document["webhooks"].keys() == connector.events.keys()
    schema = document["webhooks"]["meeting.started"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["payload"]["properties"]["object"]["properties"]["start_time"] == {
        "type": "string", "format": "date-time",
    }  # fmt: skip


def test_an_import_of_an_export_gives_the_folder_back(documents, tmp_path):
    for connector, document in documents.values():
        folder = tmp_path / connector.name
        exported = tmp_path / f"{connector.name}.json"
        exported.write_text(json.dumps(document))
        assert run(["import", str(exported), str(folder), "--quiet"]) == 0
        again = Connector.open(folder)
        for path in (
            "manifest.yaml",
            "types.yaml",
            *(f"actions/{one.name}" for one in connector.action_files.values()),
        ):
            assert read_words(folder / path) == read_words(connector.folder / path)
        assert {one.action for one in again.actions()} == {one.action for one in connector.actions()}
        assert dict(again.events) == dict(connector.events)
        for file in ("objects", "choices"):
            for path in (connector.folder / "schemas" / file).glob("*.json"):
                assert json.loads((folder / "schemas" / file / path.name).read_text()) == json.loads(path.read_text())


def test_the_command_writes_checks_and_prints_the_document(tmp_path):
    scaffold.create_connector(tmp_path / "shelf")
    out = tmp_path / "shelf.json"

    def export(*words):
        command = [sys.executable, "-m", "connector", "export", "openapi", str(tmp_path / "shelf"), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert export("-o", str(out), "--check").returncode == 2
    assert export("-o", str(out)).stderr == f"{out} was written: 5 operations, 0 webhooks.\n"
    assert export("-o", str(out), "--check").returncode == 0
    assert json.loads(export().stdout) == json.loads(out.read_text())
    assert lint(tmp_path / "shelf") == []


@pytest.mark.skipif(SCHEMATHESIS is None, reason="schemathesis is not installed: pip install schemathesis")
def test_schemathesis_finds_nothing_wrong_with_the_sandbox(documents, tmp_path):
    connector, document = documents["zoom"]
    path = tmp_path / "zoom.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    checks = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"
    with serve(Sandbox(connector).service) as server:
        command = [
            str(SCHEMATHESIS), "run", str(path), "--url", server.url, "--header", "Authorization: Bearer sandbox",
            "--max-examples", "10", "--phases", "examples,fuzzing", "--checks", checks, "--seed", "1", "--no-color",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "21/21" in done.stdout


def test_the_bundled_folder_is_among_those_that_are_exported(documents):
    assert documents["zoom"][0].folder == find_bundled_folder()
