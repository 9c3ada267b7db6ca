"""Servers of a service: an action's requests go to its server, whoever fills in or replaces the base URL."""

from __future__ import annotations

import pytest

from connector.core.auth.site import resolve_site
from connector.core.url_policy import move_to_server
from connector.definition.connection_type import ConnectionType
from connector.definition.loader import Connector
from connector.definition.manifest import Manifest
from connector.errors import InputError
from connector.runtime.auth.connection import Connection
from connector.runtime.client.client import Client
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

MANIFEST = """
connector: lamp
label: Lamp
summary: Lamps.
base_url: https://{shop}.lamp.example/v2
allowed_hosts: ["{shop}.lamp.example", uploads.lamp.example]
servers: {uploads: "https://uploads.lamp.example/up/{shop}"}
subaccounts: {prefix: "/accounts/{accountId}"}
connections:
  token:
    label: Token
    kind: bearer
    inputs:
      shop: {label: Shop, help: The shop., type: string, required: true}
      token: {label: Token, help: The token., type: password, required: true}
pagination: {style: next_url, next: next}
"""
ACTION = """
action: {key}
label: Files
summary: Files.
request: {request}
{words}
returns: {{example: {example}}}
"""


@pytest.fixture(scope="module")
def lamp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lamp")
    (folder / "actions").mkdir()
    (folder / "manifest.yaml").write_text(MANIFEST)
    listing, upload = "pagination: {items: files}", "server: uploads"
    for key, request, words, example in (
        ("listFiles", "GET /files", listing, "{files: [{from: base}]}"),
        ("listUploads", "GET /files", f"{upload}\n{listing}", "{files: [{from: uploads}]}"),
        ("addUpload", "POST /files", upload, "{from: uploads}"),
    ):
        text = ACTION.format(key=key, request=request, words=words, example=example)
        name = key.replace("F", "-f").replace("U", "-u")
        (folder / "actions" / f"{name}.yaml").write_text(text)
    return Connector.open(folder)


@pytest.fixture
def connection(lamp):
    return Connection(lamp, "token", inputs={"shop": "harbour", "token": "t-1"})


def test_a_request_goes_to_its_server_as_the_connection_fills_it_in(lamp, connection):
    client = Client(lamp, connection)
    assert client.dry_run("addUpload").url == "https://uploads.lamp.example/up/harbour/files"
    assert client.dry_run("listFiles").url == "https://harbour.lamp.example/v2/files"


def test_a_sub_account_is_below_the_server(lamp, connection):
    url = Client(lamp, connection).dry_run("addUpload", account="a 1").url
    assert url == "https://uploads.lamp.example/up/harbour/accounts/a%201/files"


def test_another_base_url_takes_the_servers_along(lamp, connection):
    client = Client(lamp, connection, base_url="http://127.0.0.1:9/proxy/v2")
    assert client.dry_run("addUpload").url == "http://127.0.0.1:9/proxy/up/harbour/files"


@pytest.mark.parametrize(
    ("override", "moved"),
    [
        ("https://a.example/v2", "https://up.example/up"),
        ("http://127.0.0.1:9/v2", "http://127.0.0.1:9/up"),
        ("http://127.0.0.1:9/proxy/v2", "http://127.0.0.1:9/proxy/up"),
        ("http://127.0.0.1:9/elsewhere", "http://127.0.0.1:9/elsewhere"),
    ],
)
def test_credentials_never_go_to_a_host_that_another_base_url_replaced(override, moved):
    assert move_to_server(override, "https://a.example/v2", "https://up.example/up") == moved


def test_the_sandbox_serves_every_server(lamp, connection):
    sandbox = Sandbox(lamp)
    with Client(lamp, connection, http=sandbox.http) as client:
        assert client.run("listFiles").data["files"] == [{"from": "base"}]
        assert client.run("listUploads").data["files"] == [{"from": "uploads"}]
        assert client.run("addUpload").data == {"from": "uploads"}
    assert [request.action for request in sandbox.requests] == ["listFiles", "listUploads", "addUpload"]


def test_the_sandbox_serves_every_server_at_one_address(lamp):
    service = Sandbox(lamp).service
    server = serve(service)
    try:
        with Client(lamp, Sandbox(lamp).connection, base_url=server.url) as client:
            assert client.run("listFiles").data["files"] == [{"from": "base"}]
            assert client.run("listUploads").data["files"] == [{"from": "uploads"}]
    finally:
        server.shutdown()


def test_pages_stay_below_the_server(lamp, connection):
    sandbox = Sandbox(lamp)
    base = "https://uploads.lamp.example/up/harbour/files?after=1"
    sandbox.reply("listUploads", body={"files": [{"id": 1}], "next": base})
    sandbox.reply("listUploads", body={"files": [{"id": 2}], "next": None})
    with Client(lamp, connection, http=sandbox.http) as client:
        assert client.run("listUploads").data["files"] == [{"id": 1}, {"id": 2}]
        sandbox.reply("listUploads", body={"files": [], "next": "https://harbour.lamp.example/v2/files?after=1"})
        with pytest.raises(Exception, match="base URL") as caught:
            client.run("listUploads")
    assert type(caught.value).__name__ == "PageError"


def test_a_server_of_a_cloud_is_its_own():
    manifest = Manifest.model_validate(
        {
            "connector": "lamp", "label": "L", "summary": "S.", "base_url": "https://lamp.example",
            "allowed_hosts": ["*.lamp.example", "lamp.example"], "servers": {"up": "https://up.lamp.example"},
            "clouds": {
                "public": {"label": "Public"},
                "state": {"label": "State", "base_url": "https://gov.example", "allowed_hosts": ["gov.example"],
                          "servers": {"up": "https://gov.example/up"}},
                "broken": {"label": "Broken", "base_url": "https://x.example", "allowed_hosts": ["x.example"]},
            },
        }
    )  # fmt: skip
    kind = ConnectionType(label="K", kind="bearer")
    assert resolve_site(manifest, kind, {"cloud": "public"}).find_url("up") == "https://up.lamp.example"
    assert resolve_site(manifest, kind, {"cloud": "state"}).find_url("up") == "https://gov.example/up"
    with pytest.raises(InputError, match=r"up\.lamp\.example"):
        resolve_site(manifest, kind, {"cloud": "broken"})
