"""Connections: sign in, see their state, test and remove them; their secrets stand in no page."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from support.pace import wait_until
from support.servers import Counting

from connector.cli.context.connection_context import ConnectionContext
from connector.definition.loader import Connector
from connector.runtime.storage.open import open_store
from connector.sandbox.sandbox import Sandbox

CANARY = "c4n4ry-client-secret"
S2S = {"kind": "serverToServer", "name": "office"}


def test_each_kind_can_be_connected(visitor):
    html = visitor.get("/connections").html
    for kind in visitor.desk.connector.manifest.connections:
        assert f"/connections/new?kind={kind}" in html


@pytest.mark.parametrize("kind", ["serverToServer", "oauth2", "accessToken", "apiJwt"])
def test_each_kind_connects_in_the_sandbox_and_is_tested(visitor, kind):
    seen = visitor.post("/connections", {"kind": kind, "name": "office"})
    assert seen.path == "/connections/office", seen.text
    assert "office is connected." in seen.text
    assert "alive" in visitor.get("/connections").text


def _list_examples():
    for manifest in sorted(Path("examples").glob("*/manifest.yaml")):
        for kind in Connector.open(manifest.parent).manifest.connections:
            yield pytest.param(manifest.parent, kind, id=f"{manifest.parent.name}-{kind}")


@pytest.mark.parametrize(("folder", "kind"), [*_list_examples()])
def test_every_kind_of_every_example_connects_in_the_sandbox(visit, folder, kind):
    visitor = visit(folder)
    seen = visitor.post("/connections", {"kind": kind, "name": "mine"})
    assert seen.path == "/connections/mine", seen.text
    assert "mine is connected." in seen.text


def test_a_port_that_is_taken_or_none_is_a_problem_of_its_field(visit, monkeypatch):
    monkeypatch.setenv("CONNECTOR_STORE", "memory:")
    visitor = visit("examples/notion", sandbox=False)
    form = {"kind": "oauth", "name": "w", "unencrypted": "yes", "in.clientId": "a", "in.clientSecret": "b"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        seen = visitor.post("/connections", {**form, "port": str(port)})
        assert seen.status == 422
        assert f"port: got {port}; expected a port that is free" in seen.text
        assert "--port" not in seen.text
    for text in ("70000", "-1", "x", "9" * 5000):
        seen = visitor.post("/connections", {**form, "port": text})
        assert seen.status == 422
        assert "expected a whole number from 1 to 65535" in seen.text


def test_a_test_is_a_call_that_stands_in_the_log(visitor):
    visitor.post("/connections", S2S)
    before = len(visitor.desk.log.find())
    assert "status 200" in visitor.post("/connections/office/test").text
    runs = visitor.desk.log.find()
    assert len(runs) == before + 1
    assert {(run.door, run.connection) for run in runs} == {("console", "office")}


def test_a_connection_is_removed_after_a_yes_alone(visitor):
    visitor.post("/connections", S2S)
    assert visitor.post("/connections/office/remove").status == 422
    assert "office" in visitor.desk.context.list_names()
    seen = visitor.post("/connections/office/remove", {"confirmed": "yes", "revoke": "yes"})
    assert "office was removed." in seen.text
    assert visitor.desk.context.list_names() == []


def test_a_console_that_only_reads_changes_no_connection(visit):
    visitor = visit(read_only=True)
    assert "/connections/new" not in visitor.get("/connections").html
    assert visitor.post("/connections", S2S).status == 403
    assert visitor.desk.context.list_names() == []


def test_all_problems_are_told_at_once_and_nothing_is_stored(visit):
    visitor = visit(sandbox=False)
    seen = visitor.post("/connections", {**S2S, "name": "../x", "in.clientId": "abc", "in.clientSecret": CANARY})
    assert seen.status == 422
    for told in ("name", "CONNECTOR_KEY", "accountId"):
        assert told in seen.text.partition("Nothing was stored")[2]
    assert 'value="abc"' in seen.html
    assert CANARY not in seen.html
    assert visitor.desk.context.list_names() == []


def test_secrets_of_a_connection_stand_in_no_page(visit):
    visitor = visit(sandbox=False)
    form = {"kind": "accessToken", "name": "office", "unencrypted": "yes", "in.accessToken": CANARY}
    with Counting() as service:
        visitor.desk.context.settings._flags["base_url"] = service.url
        seen = visitor.post("/connections", form)
        pages = [
            seen,
            *(
                visitor.get(path)
                for path in ("/", "/connections", "/connections/office", "/connections/new?name=office", "/runs")
            ),
        ]
        pages += [visitor.get(f"/runs/{run.id}") for run in visitor.desk.log.find()]
    assert "office is connected" in seen.text
    assert all(page.status == 200 for page in pages)
    assert all(CANARY not in page.html for page in pages)
    assert CANARY not in str([run.to_dict() for run in visitor.desk.log.find()])
    assert CANARY in str(open_store(None).read(visitor.desk.context.build_record_key("office")).data), "it is kept"


def test_what_is_not_entered_again_is_kept(visit):
    visitor = visit(sandbox=False)
    form = {"kind": "accessToken", "name": "office", "unencrypted": "yes", "in.accessToken": CANARY}
    with Counting() as service:
        visitor.desk.context.settings._flags["base_url"] = service.url
        visitor.post("/connections", form)
        assert 'placeholder="Kept"' in visitor.get("/connections/new", name="office").html
        seen = visitor.post("/connections", {**form, "in.accessToken": ""})
    assert "office is connected" in seen.text


def test_a_sign_in_by_a_person_waits_beside_the_pages_and_ends_with_a_connection(visit, zoom, monkeypatch):
    visitor, service = visit(sandbox=False), Sandbox(zoom)
    monkeypatch.setattr(ConnectionContext, "transport", service.http)  # in place of the service
    inputs = {f"in.{key}": value for key, value in service.build_oauth_inputs("oauth2").items()}
    seen = visitor.post("/connections", {"kind": "oauth2", "name": "ada", "unencrypted": "yes", **inputs})
    assert seen.path.startswith("/sign-ins/")
    assert "Open the service's page" in seen.text
    assert inputs["in.clientSecret"] not in seen.html
    assert visitor.get(seen.path).path == seen.path, "it waits"
    one = visitor.desk.sign_ins.find(seen.path.rpartition("/")[2])
    httpx.get(service.consent(one.url), trust_env=False)  # where the service sends the browser
    wait_until(lambda: one.is_done or one.error)
    assert one.error is None
    assert visitor.get(seen.path).path == "/connections/ada"
    assert "alive" in visitor.get("/connections").text


def test_a_sign_in_that_cannot_listen_is_told(visit):
    visitor = visit(sandbox=False)
    form = {"kind": "oauth2", "name": "ada", "unencrypted": "yes", "in.clientId": "abc", "in.clientSecret": CANARY}
    with Counting() as other:
        seen = visitor.post("/connections", {**form, "port": str(urlsplit(other.url).port)})
    assert "Cannot listen" in seen.text
    assert visitor.post("/connections", {**form, "port": "many"}).status == 422


def test_an_unknown_kind_or_connection_is_told(visitor):
    assert "no kind of connection" in visitor.get("/connections/new", kind="nope").text
    assert "no connection" in visitor.get("/connections/nope").text
    assert "over" in visitor.get("/sign-ins/nope").text


@pytest.mark.parametrize("name", ["new", "a/b c", "Büro?#", "a/test"])
def test_a_connection_that_a_command_named_has_its_page(visitor, name):
    visitor.post("/connections", S2S)
    context = visitor.desk.context
    record = context.store.read(context.build_record_key("office"))
    assert record is not None
    context.store.write(context.build_record_key(name), record.data)
    listed = visitor.get("/connections").html
    address = next(
        one for one in re.findall(r'href="(/connections/[^"]+)"', listed) if "office" not in one and "?" not in one
    )
    assert visitor.get(address).status == 200
    assert "status 200" in visitor.post(f"{address}/test").text
    seen = visitor.post(f"{address}/remove", {"confirmed": "yes"})
    assert f"{name} was removed." in seen.text
