"""`connector records`: the copy is read from the service and looked into from the command line."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

from connector import errors
from connector.cli.commands.records import sync
from connector.runtime.sync.sync import Sync, SyncReport


def test_a_sync_is_listed_shown_and_told(here):
    here("run", "createMeeting", "-i", "userId=me", "-i", "topic=Standup", "--sandbox")
    code, out, _ = here("records", "sync", "users", "meetings", "--sandbox")
    assert (code, out.splitlines()) == (0, ["users: 1 record in 1 list", "meetings: 1 record in 1 list"])
    _, out, _ = here("records", "list", "meetings", "--sandbox", "--output", "json")
    [record] = json.loads(out)
    assert record["data"]["topic"] == "Standup"
    code, out, _ = here("records", "show", "meetings", record["id"], "--sandbox")
    assert (code, "Standup" in out) == (0, True)
    _, out, _ = here("records", "changes", "--sandbox", "--output", "lines")
    assert [json.loads(line)["change"] for line in out.splitlines()] == ["added", "added"]


def test_lists_are_written_as_the_results_of_actions_are(here):
    here("records", "sync", "users", "--sandbox")
    [row] = csv.DictReader(here("records", "list", "users", "--sandbox", "--output", "csv").out.splitlines())
    assert row["first_name"] == "Ada"
    assert here("records", "list", "--sandbox", "--output", "csv").out == "resource,records\r\nusers,1\r\n"
    assert here("records", "list", "--sandbox", "--output", "lines").out == '{"resource": "users", "records": 1}\n'


def test_a_sync_of_all_reads_what_it_can_and_tells_the_rest(here):
    stripe = ("--connector", str(Path(__file__).parents[4] / "examples" / "stripe"))
    code, out, err = here(*stripe, "records", "sync", "--sandbox")
    assert (code, [line.partition(":")[0] for line in out.splitlines()]) == (0, ["customers", "paymentIntents"])
    assert "Not read, as no action lists them: refunds." in err
    code, _, err = here(*stripe, "records", "sync", "refunds", "--sandbox")
    assert (code, "no action does" in err) == (2, True)


def test_a_list_begins_with_what_a_person_wants_of_a_record(here):
    here("run", "createMeeting", "-i", "userId=me", "-i", "topic=Standup", "--sandbox")
    here("records", "sync", "meetings", "--sandbox")
    _, out, _ = here("records", "list", "meetings", "--sandbox", "--output", "csv")
    assert out.startswith("id,topic,start_time,join_url,")


def test_a_dry_run_sends_nothing_and_keeps_nothing(here):
    code, out, _ = here("records", "sync", "users", "--sandbox", "--dry-run")
    assert (code, out.split()[:2]) == (0, ["users:", "GET"])
    _, out, _ = here("records", "list", "--sandbox", "--output", "json")
    assert json.loads(out) == {}


def test_an_unknown_resource_is_told_with_the_known_ones(here):
    code, _, err = here("records", "sync", "meting", "--sandbox")
    assert (code, "meetings" in err) == (2, True)
    code, _, err = here("records", "show", "meetings", "99", "--sandbox")
    assert (code, "records list meetings" in err) == (2, True)


def test_a_query_reads_the_views_and_cannot_write(here):
    here("records", "sync", "users", "--sandbox")
    code, out, _ = here("records", "query", "SELECT first_name FROM zoom_users", "--sandbox", "--output", "json")
    assert (code, json.loads(out)) == (0, [{"first_name": "Ada"}])
    code, _, err = here("records", "query", "DELETE FROM connector_records", "--sandbox")
    assert (code, "cannot write" in err) == (2, True)
    assert json.loads(here("records", "list", "--sandbox", "--output", "json")[1]) == {"users": 1}


def test_records_are_exported_as_csv(here, tmp_path):
    here("records", "sync", "users", "--sandbox")
    code, _, _ = here("records", "export", "csv", "users", "--sandbox", "-o", str(tmp_path / "users.csv"))
    [row] = list(csv.DictReader((tmp_path / "users.csv").read_text("utf-8").splitlines()))
    assert (code, row["first_name"], json.loads(row["data"])["id"]) == (0, "Ada", row["id"])
    _, out, _ = here("records", "query", "SELECT first_name, gone_at FROM zoom_users", "--sandbox", "--output", "csv")
    assert out == "first_name,gone_at\r\nAda,\r\n"
    code, _, err = here("records", "export", "csv", "users", "--sandbox", "-o", str(tmp_path / "no" / "users.csv"))
    assert (code, "cannot be written" in err) == (2, True)


def test_records_are_exported_as_parquet_with_their_types(here, tmp_path):
    from pyarrow import parquet

    here("records", "sync", "users", "--sandbox")
    target = tmp_path / "users.parquet"
    code, _, err = here("records", "export", "parquet", "users", "--sandbox", "-o", str(target))
    table = parquet.read_table(target)
    [row] = table.to_pylist()
    assert (code, row["first_name"], row["type"]) == (0, "Ada", 2), err
    assert [str(table.schema.field(name).type) for name in ("type", "verified", "seen_at")] == [
        "int64", "int64", "timestamp[us, tz=UTC]",
    ]  # fmt: skip
    code, _, err = here("records", "export", "parquet", "users", "--sandbox")
    assert (code, "-o users.parquet" in err) == (2, True)


def test_parquet_is_written_into_a_pipe(here, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    words = ("records", "export", "parquet", "users", "--sandbox", "-o", str(tmp_path / "pipe"))
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert here(*words).code == 0
    assert os.read(reader, 60_000).startswith(b"PAR1")
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def test_parquet_on_a_full_device_is_told_and_leaves_the_device(here, full_device):
    code, _, err = here("records", "export", "parquet", "users", "--sandbox", "-o", str(full_device))
    assert (code, "cannot be written: No space left on device." in err) == (2, True)
    assert full_device.is_char_device()


def test_calls_are_kept_where_the_settings_name_a_copy(here, monkeypatch, tmp_path):
    monkeypatch.setenv("CONNECTOR_RECORDS", f"sqlite:///{tmp_path / 'own.sqlite'}")
    call = {"action": "getUser", "inputs": {"userId": "KdYKjnimT4KPd8FFgQt9FQ"}, "max_age": "5m"}
    (tmp_path / "call.json").write_text(json.dumps(call))
    answers = [here("run", "-f", str(tmp_path / "call.json"), "--sandbox", "--quiet")[1] for _ in range(2)]
    assert ["from_records" in json.loads(answer) for answer in answers] == [False, True]


def test_a_read_of_run_is_answered_from_the_copy_if_flags_allow_it(here):
    words = ["run", "getUser", "--user-id", "KdYKjnimT4KPd8FFgQt9FQ", "--sandbox", "--max-age", "5m"]
    _, asked, _ = here(*words)
    code, kept, err = here(*words)
    assert (code, "From the copy" in err, "from_records" in json.loads(asked)) == (0, True, False)
    assert (json.loads(kept)["from_records"], 0 <= json.loads(kept)["age"] < 300) == (True, True)
    assert json.loads(kept)["data"]["email"] == json.loads(asked)["data"]["email"]
    stale = ["--fault", "500:20", "--stale-if-error", "--retry", "maxRetries=0"]
    code, kept, err = here(*words[:-1], "0s", *stale)
    assert (code, json.loads(kept)["from_records"], "did not answer" in err) == (0, True, True)


def test_a_list_of_run_is_answered_after_a_sync_of_that_list(here):
    here("records", "sync", "users", "--sandbox")
    words = ["run", "listUsers", "--sandbox", "--max-age", "5m"]
    _, lines, err = here(*words, "--output", "lines")
    assert ("From the copy" in err, json.loads(lines)["email"]) == (True, "ada@example.com")
    _, _, err = here(*words, "--status", "inactive")
    assert "From the copy" not in err
    assert here("run", "listUsers", "--sandbox", "--max-age", "soon")[0] == 2


def test_a_sync_goes_on_until_it_is_stopped_whatever_fails_for_now(here, monkeypatch):
    rounds = []

    def run_once(*_):
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise errors.TransportError("The service is away.", kind="connect", retryable=True)

    def sleep(_):
        if len(rounds) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(sync, "_run_once", run_once)
    monkeypatch.setattr(sync.time, "sleep", sleep)
    code, _, err = here("records", "sync", "users", "--every", "10m", "--sandbox")
    assert (code, len(rounds)) == (130, 2)
    assert "read again in 10m" in err


@pytest.mark.parametrize(
    "command",
    [
        "records list",
        "records sync",
        "records query x",
        "run listUsers --max-age 5m",
        "webhook events",
        "webhook watch",
    ],
)
def test_without_its_extra_the_copy_tells_how_to_install_it(here, monkeypatch, command):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "sqlalchemy" else find(name, *rest)
    )
    for module in [one for one in sys.modules if one.startswith(("sqlalchemy", "connector.runtime.records"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    done = here(*command.split(), "--sandbox")
    assert done.code == 2
    assert "The package sqlalchemy is not installed. Run: pip install" in done.err
    assert "[sql]" in done.err


def test_an_account_is_forgotten_when_somebody_says_so(here):
    here("records", "sync", "users", "--sandbox")
    account = json.loads(here("records", "query", "SELECT account FROM zoom_users", "--sandbox", "--output", "json")[1])
    name = account[0]["account"]
    code, _, err = here("records", "forget", name, "--sandbox")
    assert (code, "--yes" in err) == (2, True)
    assert json.loads(here("records", "list", "--sandbox", "--output", "json")[1]) == {"users": 1}
    code, _, err = here("records", "forget", name, "--sandbox", "--yes")
    assert (code, f"1 record of {name} forgotten" in err) == (0, True)
    assert json.loads(here("records", "list", "--sandbox", "--output", "json")[1]) == {}
    here("records", "sync", "users", "--sandbox")
    assert json.loads(here("records", "list", "--sandbox", "--output", "json")[1]) == {"users": 1}


def test_a_sync_warns_of_what_has_no_id_and_is_not_kept(here, monkeypatch):
    monkeypatch.setattr(Sync, "run", lambda *_: [SyncReport("users", lists=1, records=1, without_id=2)])
    code, out, err = here("records", "sync", "users", "--sandbox")
    assert (code, out) == (0, "users: 1 record in 1 list\n")
    assert "Warning: users: 2 items have no id and cannot be kept." in err


WRITE, READ = "action: createMeeting\ninputs: {userId: me, topic: t}\n", "action: getUser\ninputs: {userId: me}\n"


@pytest.mark.parametrize("flag", [("--max-age", "5m"), ("--stale-if-error",)])
@pytest.mark.parametrize("is_dry", [False, True])
def test_a_write_with_a_flag_of_the_copy_is_refused(here, flag, is_dry):
    words = ("createMeeting", "--user-id", "me", "--topic", "t", "--sandbox", *flag, *(["--dry-run"] * is_dry))
    code, _, err = here("run", *words)
    assert code == 2
    assert f"{flag[0]} is for reads; createMeeting writes." in err
    assert json.loads(here("records", "list", "--sandbox", "--output", "json")[1]) == {}


def test_rows_and_steps_that_write_refuse_the_flag_of_the_copy(here, tmp_path):
    (tmp_path / "rows.csv").write_text("userId,topic\nme,t\n")
    (tmp_path / "steps.yaml").write_text(
        "steps:\n  made:\n    action: createMeeting\n    inputs: {userId: me, topic: t}\n"
    )
    for words in (("createMeeting", "-f", str(tmp_path / "rows.csv")), ("-f", str(tmp_path / "steps.yaml"))):
        code, _, err = here("run", *words, "--sandbox", "--max-age", "5m")
        assert (code, "--max-age is for reads; createMeeting writes." in err) == (2, True), err


def test_in_a_call_file_the_copy_is_for_its_reads(here, tmp_path):
    (tmp_path / "calls.yaml").write_text(f"---\n{WRITE}---\n{READ}")
    words = ("run", "-f", str(tmp_path / "calls.yaml"), "--sandbox", "--max-age", "5m", "--output", "lines")
    answers = [json.loads(line) for _ in range(2) for line in here(*words).out.splitlines()]
    assert ["from_records" in one for one in answers] == [False, False, False, True]
    (tmp_path / "calls.yaml").write_text(f"{WRITE}max_age: 5m\n")
    code, _, err = here("run", "-f", str(tmp_path / "calls.yaml"), "--sandbox")
    assert (code, "max_age: got 300 s; expected none: createMeeting is not a read" in err) == (2, True)


def test_a_query_prints_what_json_has_no_word_for(here):
    statement = "SELECT 1e999 AS inf, -1e999 AS low, x'00ff' AS b, 1 AS a, 2 AS a, 3 AS a_2, 4 AS a"
    words = ("records", "query", statement, "--sandbox", "--output")
    row = {"inf": "Infinity", "low": "-Infinity", "b": "AP8=", "a": 1, "a_3": 2, "a_2": 3, "a_4": 4}
    assert json.loads(here(*words, "json").out) == [row]
    assert json.loads(here(*words, "lines").out) == row
    assert here(*words, "csv").out == "inf,low,b,a,a_3,a_2,a_4\r\nInfinity,-Infinity,AP8=,1,2,3,4\r\n"


def test_help_of_records_has_the_views_of_the_connector(here):
    stripe = ("--connector", str(Path(__file__).parents[4] / "examples" / "stripe"))
    for words in (("records", "--help"), ("records", "query", "--help")):
        assert "zoom_" in here(*words).out
        own = here(*stripe, *words).out
        assert ("stripe_customers" in own, "zoom_" in own, "shop_" in own + here(*words).out) == (True, False, False)
