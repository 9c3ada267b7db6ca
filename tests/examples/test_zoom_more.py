"""The example that an import made and a person edited: it does what the descriptions have, and stays as it was edited."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jwt
import pytest
from support.servers import Counting, GivenClock, reply

from connector import Client, Connection, Connector
from connector.authoring.lint import lint
from connector.cli.main import run
from connector.runtime.webhooks.verify import verifier_for, verify_webhook
from connector.sandbox.events.sender import get_samples
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "examples" / "zoom-more"
ZOOM = Connector.open(FOLDER)
SECRET = "a-secret-of-the-tests-that-is-long-enough"
SESSION = "/aOFJSJSYhGwk1hnxgw=="


@pytest.fixture
def sandboxed() -> Iterator[Client]:
    sandbox = Sandbox(ZOOM)
    with Client(ZOOM, sandbox.connection, http=sandbox.http) as client:
        yield client


@pytest.fixture
def client(server: Counting, clock: GivenClock) -> Iterator[Client]:
    """A client with an API key and secret that talks to the counting server."""
    connection = Connection(ZOOM, "apiJwt", apiKey="a-key", apiSecret=SECRET)
    with Client(ZOOM, connection, base_url=server.url, clock=clock) as client:
        yield client


def test_it_has_not_even_advice() -> None:
    assert [str(finding) for finding in lint(FOLDER)] == []


def test_its_examples_and_resources_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["test", str(FOLDER)])
    assert (code, "FAIL" in capsys.readouterr().out) == (0, False)


def test_an_api_jwt_is_signed_with_the_secret_and_ends_within_an_hour(client: Client, server: Counting) -> None:
    server.then(reply(json_={"in_session": {"subsession": True}}))
    assert client.run("getAccountSettings").data == {"in_session": {"subsession": True}}
    (request,) = server.requests
    assert request.path == "/v2/accounts/me/settings"
    kind, _, token = (request.header("authorization") or "").partition(" ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert (kind, jwt.get_unverified_header(token), claims["iss"]) == (
        "Bearer",
        {"alg": "HS256", "typ": "JWT"},
        "a-key",
    )
    assert 0 < claims["exp"] - claims["iat"] <= 3600


def test_a_session_id_with_a_slash_in_front_is_encoded_twice(client: Client, server: Counting) -> None:
    server.then(reply(json_={"id": SESSION}))
    client.run("getSession", {"sessionId": SESSION})
    assert server.requests[0].path == "/v2/videosdk/sessions/%252FaOFJSJSYhGwk1hnxgw%253D%253D"


def test_a_session_that_is_created_is_found_and_ended(sandboxed: Client) -> None:
    created = sandboxed.run("createSession", {"sessionName": "Consultation"}).data
    assert sandboxed.run("getSession", {"sessionId": created["session_id"]}).data["session_name"] == "Consultation"
    assert sandboxed.run("endSession", {"sessionId": created["session_id"]}).outcome == "done"
    assert sandboxed.run("deleteSession", {"sessionId": created["session_id"]}).outcome == "done"


def test_sub_accounts_are_listed_and_reached_by_a_path_of_their_own(
    client: Client, server: Counting, sandboxed: Client
) -> None:
    (account,) = sandboxed.items("listSubAccounts")
    server.then(reply(json_={"dates": []}))
    client.run("getDailyUsage", account=account["id"])
    assert server.requests[0].path == f"/v2/accounts/{account['id']}/videosdk/report/daily"


def test_settings_of_sessions_are_sent_by_their_names(client: Client, server: Counting) -> None:
    server.then(reply(204))
    security = {"countries": {"enable": True, "method": "approve", "approved": ["PL"]}}
    settings = {
        "inSession": {"customDataCenterRegions": True, "dataCenterRegions": ["DE"]},
        "sessionSecurity": security,
    }
    client.run("updateAccountSettings", {"accountId": "me", **settings})
    assert json.loads(server.requests[0].body) == {
        "in_session": {"custom_data_center_regions": True, "data_center_regions": ["DE"]},
        "session_security": {
            "approved_or_denied_countries_or_regions": {"enable": True, "method": "approve", "approved_list": ["PL"]}
        },
    }


def test_every_event_of_sessions_is_verified() -> None:
    for name, kind in ZOOM.events.items():
        raw = json.dumps(get_samples(ZOOM).build_body(kind, 1.8e9)).encode()
        headers = verifier_for(ZOOM).sign(SECRET, 1_800_000_000, raw)
        assert getattr(verify_webhook(ZOOM, SECRET, headers, raw, now=1.8e9), "name", None) == name
    assert {"session.started", "cobrowse.session_started"} <= ZOOM.events.keys()


def describe_newer_sessions() -> dict[str, Any]:
    """Return a description of two of its operations in which the vendor changed what nobody edited."""
    query: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": name in ("from", "to"), "schema": {"type": "string", **words}}
        for name, words in cast("dict[str, dict[str, Any]]", {
            "type": {"enum": ["past", "live"], "default": "live"}, "from": {"format": "date"}, "to": {"format": "date"},
            "session_key": {}, "session_name": {}, "region": {"description": "Where it was held.", "example": "DE"},
            "next_page_token": {}, "page_size": {"type": "integer", "maximum": 100},
        }).items()
    ]  # fmt: skip
    sessions = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
    listed = {"type": "object", "properties": {"next_page_token": {"type": "string"}, "sessions": sessions}}
    body = {"type": "object", "required": ["session_name"], "properties": {
        "session_name": {"type": "string", "maxLength": 250, "example": "My session"},
        "settings": {"type": "object", "properties": {"auto_recording": {"type": "string", "enum": ["cloud", "none"]}}}}}  # fmt: skip
    created = {"type": "object", "properties": {"session_id": {"type": "string"}}}
    return {
        "openapi": "3.0.0", "info": {"title": "Video SDK"}, "servers": [{"url": "https://api.zoom.us/v2"}],
        "paths": {"/videosdk/sessions": {
            "get": {"summary": "List sessions", "tags": ["Sessions"], "parameters": query,
                    "responses": {"200": {"content": {"application/json": {"schema": listed}}}}},
            "post": {"summary": "Create a session", "tags": ["Sessions"],
                     "requestBody": {"content": {"application/json": {"schema": body}}},
                     "responses": {"201": {"content": {"application/json": {"schema": created}}}}},
        }},
    }  # fmt: skip


def test_a_second_import_keeps_the_edits_and_follows_the_vendor_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "zoom-more"
    shutil.copytree(FOLDER, folder)
    spec = tmp_path / "Video_SDK.json"
    spec.write_text(json.dumps(describe_newer_sessions()), encoding="utf-8")
    words = ["import", str(spec), str(folder), "--only", "/videosdk/sessions"]
    assert run([*words, "--check"]) == 2
    assert "updated if imported" in capsys.readouterr().out
    assert run(words) == 0
    told = capsys.readouterr().out
    before, after = Connector.open(FOLDER), Connector.open(folder)
    for name in ("manifest.yaml", "actions/update-account-settings.yaml", "actions/list-sub-accounts.yaml"):
        assert (folder / name).read_bytes() == (FOLDER / name).read_bytes()
    for key in ("listSessions", "createSession"):
        for word in ("label", "summary", "docs", "rate", "connections", "scopes", "request"):
            assert getattr(after.action(key), word) == getattr(before.action(key), word)
    assert after.action("listSessions").inputs["sessions"] == before.action("listSessions").inputs["sessions"]
    assert after.action("listSessions").inputs["region"].example == "DE"
    assert after.action("createSession").inputs["sessionName"].max == 250
    assert "actions/get-session.yaml: the vendor has it no more; it stays, because you changed it." in told
    assert run([*words, "--check"]) == 0
    assert [str(finding) for finding in lint(folder) if finding.voice == "error"] == []
