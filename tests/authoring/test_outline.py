"""An outline of a connector is valid whatever it is made of, and so is an action that is added to it."""

from __future__ import annotations

import pytest

from connector import Client, Connection, Connector
from connector.authoring import outline, scaffold
from connector.authoring.lint import lint
from connector.errors import InputError, UsageError
from connector.sandbox.sandbox import Sandbox

URL = "https://api.acme.example/v1"


def find_errors(folder):
    """Return what lint calls wrong; its advice is what is left to fill in."""
    return [finding for finding in lint(folder) if finding.voice == "error"]


@pytest.mark.parametrize("pagination", outline.PAGINATION_STYLES)
@pytest.mark.parametrize("auth", outline.AUTH_KINDS)
def test_every_outline_has_no_mistake_and_answers_in_its_sandbox(tmp_path, auth, pagination):
    scaffold.create_connector(tmp_path / "acme", outline.outline_connector("acme", URL, auth, pagination))
    assert find_errors(tmp_path / "acme") == []
    connector = Connector.open(tmp_path / "acme")
    assert connector.manifest.connections["main"].kind == auth
    box = Sandbox(connector)
    with Client(connector, box.connection, http=box.http) as client:
        assert list(client.items("listItems")) == [{"id": 1}]


def test_every_problem_of_an_outline_is_told_at_once():
    with pytest.raises(InputError) as caught:
        outline.outline_connector("Acme-1", "http://user@acme.example:80/?a=1", "bearer", "none")
    assert [problem.field for problem in caught.value.problems] == ["base_url", "name"]
    assert "nothing was written" in str(caught.value)


@pytest.fixture
def acme(tmp_path):
    scaffold.create_connector(tmp_path / "acme", outline.outline_connector("acme", URL, "bearer", "cursor"))
    return tmp_path / "acme"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_new_action_is_valid_at_once_and_sends_what_it_says(acme, server, method):
    names = ["first_name", "age:integer", "tags:list of string"]
    written = outline.outline_action("changeUser", f"{method} /teams/{{team_id}}/users", names)
    assert scaffold.create_action(acme, *written) == acme / "actions/change-user.yaml"
    assert find_errors(acme) == []
    connector = Connector.open(acme)
    inputs = {"teamId": "t 1", "firstName": "Ada", "age": 36, "tags": ["a", "b"]}
    with Client(connector, Connection(connector, "main", accessToken="t"), base_url=server.url) as client:
        client.run("changeUser", inputs)
    sent = server.requests[-1]
    assert (sent.method, sent.path) == (method, "/v2/teams/t%201/users")
    if method in ("GET", "DELETE"):
        assert sorted(sent.query) == [("age", "36"), ("first_name", "Ada"), ("tags", "a"), ("tags", "b")]
    else:
        assert sent.json() == {"first_name": "Ada", "age": 36, "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("key", "request_line", "inputs", "fields"),
    [
        ("Create User", "post /x", ["a:thing", "a"], ["key", "request", "input", "input"]),
        ("createUser", "POST users", [], ["request"]),
        ("createUser", "POST /users?x=1", [], ["request"]),
        ("createUser", "POST /users/{id}", ["id"], ["input"]),
        ("createUser", "POST /users/{a-b}", [], ["input"]),
    ],
)
def test_every_problem_of_a_new_action_is_told_at_once(key, request_line, inputs, fields):
    with pytest.raises(InputError) as caught:
        outline.outline_action(key, request_line, inputs)
    assert [problem.field for problem in caught.value.problems] == fields
    assert "nothing was written" in str(caught.value)


@pytest.mark.parametrize("path", ["/teams/{team_id}/users", "/users", "/v1.0/{team_id}", "/"])
def test_a_new_list_has_its_paging_ready_to_be_turned_on(acme, path):
    file = scaffold.create_action(acme, *outline.outline_action("listUsers", f"GET {path}", []))
    assert find_errors(acme) == []
    file.write_text(file.read_text("utf-8").replace("# pagination:", "pagination:"), "utf-8")
    assert find_errors(acme) == []
    assert Connector.open(acme).action("listUsers").pagination is not None


def test_an_action_that_is_there_is_never_overwritten(acme):
    before = (acme / "actions/list-items.yaml").read_text()
    with pytest.raises(UsageError, match="exists already"):
        scaffold.create_action(acme, *outline.outline_action("listItems", "GET /items", []))
    assert (acme / "actions/list-items.yaml").read_text() == before
