"""Credentials in blocks."""

from __future__ import annotations

import pytest
from support.processes.engines import OPEN_CLIENTS
from support.servers import TOKEN

from connector import errors

prefect = pytest.importorskip("prefect", reason="prefect is not installed: pip install '.[prefect]'")
pytestmark = OPEN_CLIENTS


def test_credentials_in_a_block_work_and_are_nowhere_in_clear(
    service, face, api, server_of_prefect, monkeypatch, tmp_path
):
    served = service()
    monkeypatch.delenv("ZOOM_ACCESS_TOKEN")
    block = face.ConnectorCredentials(kind="accessToken", inputs={"accessToken": TOKEN}, base_url=served.url)
    block.save("zoom-in-a-block")

    @prefect.flow(persist_result=True)
    def read():
        return face.run_action("getUser", {"userId": "me"}, credentials="zoom-in-a-block")["data"]["email"]

    assert read() == "ada@example.com"
    kept = api.read_block_document_by_name("zoom-in-a-block", "connector-credentials", include_secrets=False)
    history = server_of_prefect.read_history()
    assert b"zoom-in-a-block" in history
    for seen in (history.decode(errors="replace"), repr(block), str(block), repr(kept)):
        assert TOKEN not in seen


def test_a_block_may_only_name_a_stored_connection(service, face):
    served = service()
    face.ConnectorCredentials(connection="acme").save("by-name")
    result = face.run_action("getUser", {"userId": "me"}, credentials="by-name")
    assert result["data"]["email"] == "ada@example.com"
    assert len(served.asked) == 1


@pytest.mark.parametrize(
    "fields", [{"connection": "acme", "kind": "accessToken"}, {"inputs": {"accessToken": "x"}}], ids=["both", "no kind"]
)
def test_a_block_that_contradicts_itself_is_refused(face, fields):
    with pytest.raises(ValueError, match="kind"):
        face.ConnectorCredentials(**fields)


def test_the_server_knows_the_type_of_the_block(server_of_prefect, api):
    kind = api.read_block_type_by_slug("connector-credentials")
    assert kind.name == "Connector Credentials"


@pytest.mark.parametrize("options", [{"connection": "acme"}, {"folder": "lamp"}], ids=str)
def test_credentials_beside_what_they_say_themselves_are_refused(face, options):
    with pytest.raises(errors.UsageError, match="beside"):
        face.run_action("getUser", {"userId": "me"}, credentials="work", **options)
