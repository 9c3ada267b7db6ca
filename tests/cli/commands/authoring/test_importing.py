"""`import` makes a folder of a description, brings it up to date, and tells what it left out."""

from __future__ import annotations

import json

import pytest

DESCRIPTION = """
openapi: 3.0.3
info: {title: Books}
servers: [{url: https://api.example.com}]
paths:
  /books: {get: {operationId: listBooks, tags: [books]}}
  /authors: {get: {operationId: listAuthors, tags: [people], parameters: [{in: cookie, name: sid, required: true}]}}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "openapi.yaml"
    path.write_text(DESCRIPTION)
    return path


def test_an_import_makes_a_folder_and_tells_what_it_left_out(here, spec, tmp_path):
    done = here("import", "openapi.yaml", "books", "--report", "report.json")
    assert done.code == 0, done.err
    assert "left out: GET /authors: it needs the cookie sid" in done.out
    assert "2 operations: 1 whole, 1 not runnable." in done.out
    assert here("lint", "books").code == 0
    assert json.loads((tmp_path / "report.json").read_text())["grades"]["whole"] == 1


def test_check_writes_nothing_and_exits_2_when_the_folder_is_behind(here, spec, tmp_path):
    assert here("import", "openapi.yaml", "books", "--check").code == 2
    assert not (tmp_path / "books").exists()
    here("import", "openapi.yaml", "books")
    assert here("import", "openapi.yaml", "books", "--check").code == 0


def test_a_second_import_keeps_the_words_of_an_author(here, spec, tmp_path):
    here("import", "openapi.yaml", "books")
    action = tmp_path / "books" / "actions" / "list-books.yaml"
    action.write_text(action.read_text().replace("label: List Books", "label: All Books  # shorter"))
    spec.write_text(DESCRIPTION.replace("tags: [books]", "tags: [books], description: Lists the books."))
    assert here("import", "openapi.yaml", "books").code == 0
    assert "label: All Books  # shorter" in action.read_text()
    assert "summary: Lists the books." in action.read_text()


def test_a_later_import_selects_what_the_first_one_did_unless_it_is_told(here, spec, tmp_path):
    spec.write_text(DESCRIPTION.replace(", parameters: [{in: cookie, name: sid, required: true}]", ""))
    here("import", "openapi.yaml", "books", "--only", "/books*")
    assert "1 operation: 1 whole." in here("import", "openapi.yaml", "books").out
    assert here("import", "openapi.yaml", "books", "--check").code == 0
    assert "2 operations: 2 whole." in here("import", "openapi.yaml", "books", "--only", "/*").out
    assert here("import", "openapi.yaml", "books", "--check").code == 0


TWO_PLACES = """
openapi: 3.0.3
info: {title: Books}
servers: [{url: https://api.example.com/v2}]
paths:
  /books: {get: {operationId: listBooks}}
  /oauth/me: {get: {operationId: getMe, servers: [{url: https://api.example.com}]}}
"""


def test_a_wider_import_leaves_the_actions_where_they_are(here, spec, tmp_path):
    spec.write_text(TWO_PLACES)
    here("import", "openapi.yaml", "books", "--only", "/books")
    before = (tmp_path / "books" / "actions" / "list-books.yaml").read_bytes()
    done = here("import", "openapi.yaml", "books", "--only", "/*")
    assert "it gets the server api (https://api.example.com), where new actions are." in done.out
    assert (tmp_path / "books" / "actions" / "list-books.yaml").read_bytes() == before
    assert here("lint", "books").code == 0
    assert here("import", "openapi.yaml", "books", "--check").code == 0
    refused = here("import", "openapi.yaml", "books", "--base-url", "https://api.example.com")
    assert refused.code == 2
    assert "the actions of books are below https://api.example.com/v2" in refused.err


def test_a_folder_for_another_service_is_left_alone(here, spec, tmp_path):
    here("new", "acme", "--base-url", "https://api.acme.test/v1")
    before = sorted(tmp_path.rglob("*"))
    done = here("import", "openapi.yaml", "acme")
    assert done.code == 2
    assert "acme is a connector for acme.test that no import wrote; the description is of example.com." in done.err
    assert sorted(tmp_path.rglob("*")) == before
    here("new", "own", "--base-url", "https://eu.example.com/v1")
    assert here("import", "openapi.yaml", "own").code == 0


WEBHOOKS = """
openapi: 3.1.0
info: {title: Books}
webhooks:
  book.lent:
    post:
      requestBody:
        content: {application/json: {schema: {properties: {title: {type: string}, reader_token: {type: string}}}}}
"""


@pytest.mark.parametrize("files", [("openapi.yaml", "webhooks.yaml"), ("webhooks.yaml", "openapi.yaml")])
def test_a_description_of_webhooks_brings_events_and_leaves_the_actions(here, spec, tmp_path, files):
    (tmp_path / "webhooks.yaml").write_text(WEBHOOKS)
    for _ in range(2):
        for file in files:
            assert here("import", file, "books", "--name", "books").code == 0
    assert here("import", files[0], "books", "--check").code == 0
    assert (tmp_path / "books" / "actions" / "list-books.yaml").exists()
    assert json.loads((tmp_path / "books" / "schemas" / "events" / "books.json").read_text()) == {
        "book.lent": {"scopes": {"classic": [], "granular": []}, "body": {"title": "string", "reader_token": "secret"}}
    }
    assert "base_url: https://api.example.com\n" in (tmp_path / "books" / "manifest.yaml").read_text()
    assert 'left_out": {\n  "GET /authors"' in (tmp_path / "books" / "import.json").read_text()
    assert here("lint", "books").code == 0


def test_a_folder_of_webhooks_alone_says_what_it_lacks(here, tmp_path):
    (tmp_path / "webhooks.yaml").write_text(WEBHOOKS)
    done = here("import", "webhooks.yaml", "books")
    assert done.code == 0
    assert "the description has webhooks alone: the folder has no actions" in done.out
    assert "1 event.\nbooks: 2 created.\n" in done.out
    assert "redact: {fields: [reader_token]}" in (tmp_path / "books" / "manifest.yaml").read_text()


def test_secrets_of_events_that_a_manifest_does_not_redact_are_told(here, spec, tmp_path):
    (tmp_path / "webhooks.yaml").write_text(WEBHOOKS)
    here("import", "openapi.yaml", "books")
    told = "the events hold secrets; `redact.fields` of the manifest should have reader_token."
    assert told in here("import", "webhooks.yaml", "books").out
    manifest = tmp_path / "books" / "manifest.yaml"
    manifest.write_text(f"{manifest.read_text()}redact: {{fields: [reader_token]}}\n")
    assert told not in here("import", "webhooks.yaml", "books").out


@pytest.mark.parametrize("listed", [", enum: [books.example, books.test]", ""])
def test_a_domain_that_the_connection_says_is_one_of_the_vendors_or_a_host(here, spec, listed):
    variables = f"variables: {{domain: {{default: books.example{listed}}}}}"
    server = f'{{url: "https://api.{{domain}}", {variables}}}'
    spec.write_text(DESCRIPTION.replace("{url: https://api.example.com}", server))
    assert here("import", "openapi.yaml", "books").code == 0
    assert here("lint", "books").code == 0


def test_list_shows_operations_by_tag(here, spec):
    assert here("import", "openapi.yaml", "--list").out == "books (1)\n  GET /books\npeople (1)\n  GET /authors\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["openapi.yaml"], "name the folder"),
        (["https://example.com/openapi.yaml", "books"], "nothing is fetched"),
        (["missing.yaml", "books"], "missing.yaml cannot be read"),
        (["openapi.yaml", "openapi.yaml"], "is a file"),
        (["openapi.yaml", "books", "--only", "boks"], "Did you mean 'books'?"),
    ],
)
def test_what_cannot_be_imported_is_refused(here, spec, words, message):
    done = here("import", *words)
    assert done.code == 2
    assert message in done.out + done.err


TREE = """
openapi: 3.0.3
info: {title: Trees}
servers: [{url: https://api.example.com}]
paths:
  /trees:
    post:
      operationId: createTree
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {root: {$ref: "#/components/schemas/Node"}}}
components:
  schemas:
    Node:
      type: object
      properties:
        name: {type: string, description: The name.}
        next: {$ref: "#/components/schemas/Node"}
"""


def test_a_second_import_keeps_what_an_author_wrote_of_a_type(here, tmp_path):
    spec, types = tmp_path / "trees.yaml", tmp_path / "trees" / "types.yaml"
    spec.write_text(TREE)
    assert here("import", "trees.yaml", "trees").code == 0
    types.write_text(types.read_text().replace("help: The name.", "help: What it is called.  # ours"))
    spec.write_text(TREE.replace("        next:", "        height: {type: integer}\n        next:"))
    assert here("import", "trees.yaml", "trees").code == 0
    assert "help: What it is called.  # ours" in types.read_text()
    assert "height" in types.read_text()
    assert here("lint", "trees").code == 0
    assert here("import", "trees.yaml", "trees", "--check").code == 0
