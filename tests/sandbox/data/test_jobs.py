"""The sandbox plays jobs: pending once, then done; and every format of a reply."""

from __future__ import annotations

from pathlib import Path

from support.servers import GivenClock

from connector import Client, Connector
from connector.sandbox.sandbox import Sandbox

EXAMPLES = Path(__file__).parents[3] / "examples"


def open_client(name: str) -> Client:
    connector = Connector.open(EXAMPLES / name)
    sandbox = Sandbox(connector)
    return Client(connector, sandbox.connection, http=sandbox.http, clock=GivenClock())


def test_a_job_is_pending_once_as_its_start_says_and_then_done_and_has_rows() -> None:
    with open_client("salesforce") as client:
        job = {"jobId": "750R1"}
        assert [client.run("getQueryJob", job).data["state"] for _ in range(3)] == [
            "UploadComplete",
            *["JobComplete"] * 2,
        ]
        result = client.run("createQueryJob", {"soql": "SELECT Id FROM Account"})
        assert result.data == [{"Id": "001000000000001", "Name": "Harbour Lights"}]
        assert result.attempts == 4


def test_a_job_whose_start_says_no_state_is_pending_too() -> None:
    with open_client("hubspot") as client:
        assert client.run("getExport", {"taskId": "1"}).data["status"] == "pending"
        result = client.run("exportContacts", {"exportName": "All", "properties": ["email"]})
        assert (result.data["status"], result.job) == (
            "COMPLETE",
            {"action": "getExport", "inputs": {"taskId": "4044"}},
        )
