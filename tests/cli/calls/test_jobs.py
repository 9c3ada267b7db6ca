"""A command waits for the job that it starts, or does not; an interrupted one tells the job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.servers import Counting, reply

from connector.cli.main import run
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
SALESFORCE = ["--connector", str(EXAMPLES / "salesforce"), "run"]
QUERY = ["createQueryJob", "-i", "soql=SELECT Id FROM Account", "--sandbox", "--quiet"]


def skip_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "wait_or_stop", lambda *_: None)


def test_the_rows_of_a_job_are_printed_as_those_of_a_listing(monkeypatch: Any, capsys: Any) -> None:
    skip_waits(monkeypatch)
    assert run([*SALESFORCE, *QUERY, "--output", "lines", "--limit", "5"]) == 0
    assert json.loads(capsys.readouterr().out) == {"Id": "001000000000001", "Name": "Harbour Lights"}
    assert run([*SALESFORCE, *QUERY, "--output", "table"]) == 0
    assert capsys.readouterr().out == "Id\tName\n001000000000001\tHarbour Lights\n"


def test_no_wait_returns_the_started_job(capsys: Any) -> None:
    assert run([*SALESFORCE, *QUERY, "--no-wait"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["data"]["state"], shown["attempts"]) == ("UploadComplete", 1)
    assert shown["job"] == {"action": "getQueryJob", "inputs": {"jobId": shown["data"]["id"]}}
    assert run([*SALESFORCE, *[word for word in QUERY if word != "--quiet"], "--no-wait"]) == 0
    assert "ask for it with getQueryJob jobId=" in capsys.readouterr().err


def test_no_wait_of_an_action_without_a_job_is_refused(capsys: Any) -> None:
    assert run([*SALESFORCE, "query", "-i", "soql=x", "--sandbox", "--no-wait"]) == 2
    assert "none: query starts no job" in capsys.readouterr().err


def test_an_interrupted_wait_tells_how_to_go_on_and_that_the_start_is_done(monkeypatch: Any, capsys: Any) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SystemClock, "wait_or_stop", interrupt)
    assert run([*SALESFORCE, *QUERY]) == 130
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert (error["outcome"], error["job"]) == (
        "done",
        {"action": "getQueryJob", "inputs": {"jobId": "750R0000000zlh9IAA"}},
    )
    assert "ask for it with getQueryJob jobId=750R0000000zlh9IAA" in err


def test_a_call_file_and_rows_wait_for_their_jobs(monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    skip_waits(monkeypatch)
    (tmp_path / "call.yaml").write_text(
        "- action: createQueryJob\n  inputs: {soql: x}\n- action: createQueryJob\n  inputs: {soql: x}\n  no_wait: true\n"
    )
    assert run([*SALESFORCE, "-f", str(tmp_path / "call.yaml"), "--sandbox", "--quiet"]) == 0
    waited, started = json.loads(capsys.readouterr().out)
    assert (waited["data"][0]["Name"], started["data"]["state"]) == ("Harbour Lights", "UploadComplete")
    (tmp_path / "rows.csv").write_text("soql\nSELECT Id FROM Account\n")
    assert run([*SALESFORCE, "createQueryJob", "-f", str(tmp_path / "rows.csv"), "--sandbox", "--quiet"]) == 0
    assert "Harbour Lights" in capsys.readouterr().out


def test_a_table_has_the_columns_of_the_action_that_has_the_result(monkeypatch: Any, capsys: Any) -> None:
    skip_waits(monkeypatch)
    hubspot = ["--connector", str(EXAMPLES / "hubspot"), "run"]
    assert run([*hubspot, "listContacts", "--sandbox", "--quiet", "--output", "table"]) == 0
    assert capsys.readouterr().out == "id\tproperties.email\n501\tines@example.com\n"
    assert (
        run(
            [
                *hubspot,
                "exportContacts",
                "-i",
                "exportName=A",
                "-i",
                "properties=email",
                "--sandbox",
                "--quiet",
                "--output",
                "table",
            ]
        )
        == 0
    )
    assert capsys.readouterr().out == "status\tCOMPLETE\nresult\thttps://files.example.com/4044.csv\n"


def test_a_row_whose_job_failed_is_told_and_never_sent_again(monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    skip_waits(monkeypatch)
    posts = []

    def answer(request: Any) -> Any:
        if request.method == "POST":
            posts.append(request.target)
            return reply(json_={"id": "750", "state": "UploadComplete"})
        return reply(json_={"id": "750", "state": "Failed", "errorMessage": "no"})

    (tmp_path / "rows.csv").write_text("soql\nSELECT Id FROM Account\n")
    (tmp_path / "token").write_text("t")
    monkeypatch.setenv("SALESFORCE_DOMAIN", "harbour.my.salesforce.com")
    monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", "t")
    with Counting(answer) as server:
        command = [*SALESFORCE, "createQueryJob", "-f", str(tmp_path / "rows.csv"), "--journal", str(tmp_path / "j")]
        for more in ([], ["--retry-failed"]):
            assert run([*command, "--base-url", server.url, *more]) == 1
            out, err = capsys.readouterr()
            row = json.loads(out.splitlines()[0])
            assert (row["outcome"], row["error"]["type"], row["error"]["job"]["inputs"]) == (
                "done",
                "JobFailed",
                {"jobId": "750"},
            )
            assert "0 done, 1 started" in err
        assert len(posts) == 1
