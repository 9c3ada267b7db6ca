"""`connector run ACTION -f ROWS`: arguments, output, requests and exit codes."""

from __future__ import annotations

import json
import os
import signal
import threading

import pytest
from support.pace import wait_until
from support.servers import hang_up, held, reply

from connector.cli.bulk.options import BulkArguments

HEADER = "email,first_name,Last Name\n"
TOKEN = "token-1"


def people(number):
    return HEADER + "".join(f"u{place}@example.com,U,{place}\n" for place in range(1, number + 1))


@pytest.fixture
def rows(tmp_path):
    """Write rows (three by default), and return the name of their file."""

    def write(text=None, name="rows.csv"):
        (tmp_path / name).write_text(people(3) if text is None else text, encoding="utf-8")
        return name

    return write


@pytest.fixture
def bulk(here, server):
    """Run createUser over a file of rows against the counting server."""
    server.always(lambda request: reply(201, {"id": request.json()["user_info"]["email"]}))

    def call(file, *words):
        place = () if "--base-url" in words else ("--base-url", server.url)
        return here("run", "createUser", "-f", file, "-i", "userType=1", *place, *words, ZOOM_ACCESS_TOKEN=TOKEN)

    return call


def creating(file, server, at_once):
    """Return the arguments that create a user per row, `at_once` at a time."""
    return (
        "run",
        "createUser",
        "-f",
        file,
        "-i",
        "userType=1",
        "--base-url",
        server.url,
        "--concurrency",
        str(at_once),
    )


def lines(done):
    return [json.loads(line) for line in done.out.splitlines()]


def outcomes(done):
    return {one["row"]: one["outcome"] for one in lines(done)}


def test_each_row_is_one_call_and_one_line(bulk, rows, server):
    done = bulk(rows())
    assert done.code == 0, done.err
    assert sorted(lines(done), key=lambda one: one["row"]) == [
        {"row": row, "line": row + 1, "outcome": "done", "attempts": 1, "status": 201, "data": {"id": f"u{row}@example.com"}}
        for row in (1, 2, 3)
    ]  # fmt: skip
    assert "3 rows: 3 done" in done.err
    assert server.count == 3
    assert {request.json()["user_info"]["type"] for request in server.requests} == {1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.jsonl", '{"email": "a@b.c", "firstName": "A", "last_name": "B"}\n'),
        ("rows.yaml", "- {email: a@b.c, firstName: A, Last Name: B}\n"),
        ("rows.json", '[{"email": "a@b.c", "firstName": "A", "Last Name": "B"}]'),
        ("rows.tsv", "email\tfirstName\tLast Name\na@b.c\tA\tB\n"),
    ],
)
def test_rows_come_in_other_forms_too(bulk, rows, server, name, text):
    assert bulk(rows(text, name)).code == 0
    sent = server.last.json()["user_info"]
    assert (sent["email"], sent["first_name"], sent["last_name"], sent["type"]) == ("a@b.c", "A", "B", 1)


def test_a_column_of_another_name_is_mapped_or_left_out(bulk, rows, server):
    file = rows("Mail,firstName,lastName,badge\na@b.c,A,B,77\n")
    done = bulk(file)
    assert done.code == 2
    assert "--map Mail=email" in done.err
    assert "--map badge= leaves the column out" in done.err
    assert server.count == 0
    assert bulk(file, "--map", "Mail=email", "--map", "badge=").code == 0
    assert server.last.json()["user_info"]["email"] == "a@b.c"


def test_every_row_is_checked_before_anything_is_sent(bulk, rows, server, tmp_path):
    bad = "".join(f"not-an-address-{place},U,{'x' * 65}\n" for place in range(80))
    done = bulk(rows(people(3) + bad), "--output", "json")
    assert done.code == 2
    assert server.count == 0
    assert done.err.endswith(
        "80 of 83 rows cannot be sent. Nothing was sent. Fix them, or use --keep-going to run the other rows.\n"
    )
    assert "row 4 (line 5) email" in done.err
    assert "row 4 (line 5), row 5 (line 6), row 6 (line 7) and 77 more lastName" in done.err, "the same, told once"
    assert "these are the first 50 problems" in done.err
    assert len(json.loads(done.out)["error"]["problems"]) == 50
    assert [one.name for one in tmp_path.iterdir()] == ["rows.csv"], "no journal of what was not begun"


def test_keep_going_runs_the_good_rows_and_reports_the_bad(bulk, rows, server):
    done = bulk(rows(people(2) + "nobody,U,3\n" + "short\n" + "u5@example.com,U,5\n"), "--keep-going")
    assert done.code == 2
    assert outcomes(done) == {1: "done", 2: "done", 3: "not_sent", 4: "not_sent", 5: "done"}
    assert "Row 4 (line 5)" in done.err
    assert server.count == 3


def test_a_second_run_sends_nothing_and_prints_everything(bulk, rows, server):
    file = rows()
    first, second = bulk(file), bulk(file)
    assert server.count == 3
    assert sorted(first.out.splitlines()) == sorted(second.out.splitlines())
    assert "3 of them by an earlier run" in second.err
    third = bulk(file, "--restart")
    assert (third.code, server.count) == (0, 6)
    assert "rows.csv.createUser.journal.1" in third.err


@pytest.fixture
def deleting(here, rows, server):
    """Delete users, which is confirmed first, and again with --restart."""
    file = rows("userId\nu1\n", "ids.csv")
    server.always(lambda _: reply(204, {}))

    def call(*words, token=TOKEN):
        place = ("--base-url", server.url)
        return here("run", "deleteUser", "-f", file, *place, *words, ZOOM_ACCESS_TOKEN=token)

    assert call("--yes").code == 0
    return call


def test_a_journal_is_set_aside_only_when_the_new_run_can_start(deleting, rows, server, tmp_path):
    kept = (tmp_path / "ids.csv.deleteUser.journal").read_bytes()
    assert deleting("--restart").code == 2, "nobody said yes"
    assert deleting("--restart", "--yes", token="").code == 3, "there is no connection"
    rows("userId,badge\nu1,7\n", "ids.csv")
    assert deleting("--restart", "--yes").code == 2, "the rows are wrong"
    assert server.count == 1
    assert (tmp_path / "ids.csv.deleteUser.journal").read_bytes() == kept
    assert not (tmp_path / "ids.csv.deleteUser.journal.1").exists()


def test_rows_that_were_mended_are_asked_for_in_a_file_of_their_own(bulk, rows, server):
    bulk(rows())
    done = bulk(rows(people(3).replace("u2@", "you2@")))
    assert done.code == 2
    assert "different rows. Put corrected or new rows into a file of their own" in done.err
    assert "--restart starts over and sends every row again, including those that are done" in done.err
    assert server.count == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--map", "firstname=firstName"], "no such column"), (["--map", "first_name="], "firstName: got no column"),
     (["-i", f"displayName={'x' * 129}"], "displayName: got")],
)  # fmt: skip
def test_what_is_typed_wrong_is_told_as_that_and_not_as_another_run(bulk, rows, server, words, said):
    bulk(rows())
    done = bulk("rows.csv", *words)
    assert done.code == 2
    assert said in done.err
    assert "journal" not in done.err
    assert server.count == 3


@pytest.mark.parametrize("words", [[], ["--restart"]])
def test_a_journal_is_never_the_file_of_the_rows_nor_any_other(bulk, rows, server, tmp_path, words):
    for name in ("rows.csv", "notes.txt"):
        (tmp_path / name).write_text(people(3), encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    same, other = (bulk("rows.csv", "--journal", name, *words) for name in ("rows.csv", "notes.txt"))
    assert (same.code, other.code) == (2, 2)
    assert "--journal rows.csv is the file of the rows" in same.err
    assert "notes.txt is not a journal, and was left unchanged" in other.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["notes.txt", "rows.csv"]
    assert server.count == 0


@pytest.mark.parametrize("change", ["rows", "values", "columns", "place"])
def test_a_journal_of_another_run_is_refused(bulk, rows, server, tmp_path, change):
    bulk(rows())
    words = {"values": ["-i", "displayName=X"], "columns": ["--map", "first_name=lastName", "--map", "Last Name=firstName"],
             "place": ["--base-url", "http://127.0.0.1:9/v2"]}  # fmt: skip
    done = bulk(rows(people(4)) if change == "rows" else "rows.csv", *words.get(change, []))
    assert done.code == 2
    assert f"different {change}." in done.err
    assert server.count == 3


def test_the_sandbox_keeps_a_journal_of_its_own(bulk, rows, here, server, tmp_path):
    file = rows()
    done = here("run", "createUser", "-f", file, "-i", "userType=1", "--sandbox")
    assert done.code == 0, done.err
    assert (tmp_path / "rows.csv.createUser.sandbox.journal").exists()
    assert bulk(file).code == 0
    assert server.count == 3


def test_what_a_run_left_is_told_and_settled_by_a_person(bulk, rows, server):
    server.then(reply(201, {"id": 1}), hang_up())
    file = rows()
    first = bulk(file, "--concurrency", "1")
    assert first.code == 5
    assert outcomes(first) == {1: "done", 2: "uncertain"}
    assert "Row 2 (line 3)" in first.err
    assert "--resolve 2=done" in first.err
    assert "1 left" in first.err
    second = bulk(file)
    assert (second.code, outcomes(second)) == (5, {1: "done", 2: "uncertain", 3: "done"})
    assert server.count == 3
    assert bulk(file, "--resolve", "1=done").code == 2
    assert "There is no row 9. The last row is 3." in bulk(file, "--resolve", "9=done").err
    assert "--resolve and --restart cannot be combined" in bulk(file, "--resolve", "2=done", "--restart").err
    third = bulk(file, "--resolve", "2=done")
    assert (third.code, outcomes(third)) == (0, {1: "done", 2: "done", 3: "done"})
    assert {"row": 2, "line": 3, "outcome": "done", "settled": True} in lines(third)
    assert server.count == 3


def test_all_uncertain_rows_are_not_resolved_where_there_is_none(bulk, rows, server):
    file = rows()
    bulk(file)
    done = bulk(file, "--resolve", "all=done")
    assert (done.code, server.count) == (2, 3)
    assert "No row is uncertain. Remove --resolve; nothing was sent." in done.err


def test_settled_as_again_is_sent_again(bulk, rows, server):
    server.then(hang_up(), hang_up())
    file = rows(people(2))
    assert bulk(file, "--keep-going", "--concurrency", "1").code == 5
    assert bulk(file, "--resolve", "all=retry").code == 0
    assert server.count == 4


@pytest.mark.parametrize(
    "words",
    [["--resolve", "x=done"], ["--resolve", "1=maybe"], ["--resolve", "0=done"], ["--resolve", "1=done", "--resolve", "1=retry"],
     ["--resolve", "all=done", "--resolve", "1=retry"], ["--resolve", "1=done"], ["--map", "email"], ["--map", "a=b", "--map", "a=c"],
     ["--output", "table"], ["--limit", "3"], ["--retry", "maxretries=1"], ["--retry", "maxRetries"], ["--har", "x.har"], ["--curl"], ["--concurrency", "0"], ["--concurrency", "1000"], ["--rows-format", "xml"]],
)  # fmt: skip
def test_words_that_cannot_be_meant_are_told_before_anything_is_sent(bulk, rows, server, words):
    done = bulk(rows(), *words, "--keep-going")
    assert done.code == 2, done.out
    assert words[0].strip("-") in done.err
    assert len(done.err) < 500, "told once, not for each row"
    assert server.count == 0


@pytest.mark.parametrize("word", [["--map", "a=b"], ["--restart"], ["--concurrency", "2"], ["--resolve", "1=done"]])
def test_words_about_rows_need_rows(here, word):
    done = here("run", "listUsers", *word, "--dry-run")
    assert done.code == 2
    assert f"{word[0]} is for rows" in done.err


def test_a_failure_ends_it_and_the_same_command_goes_on(bulk, rows, server):
    server.then(reply(201, {}), reply(400, {"code": 300, "message": "no such plan"}))
    file = rows(people(5))
    first = bulk(file, "--concurrency", "1")
    assert first.code == 1
    assert "no such plan" in first.err
    assert "3 left" in first.err
    assert "--retry-failed" in first.err
    assert outcomes(bulk(file)) == {1: "done", 2: "rejected", 3: "done", 4: "done", 5: "done"}
    assert server.count == 5
    assert set(outcomes(bulk(file, "--retry-failed")).values()) == {"done"}
    assert server.count == 6


def test_rows_are_tried_again_as_the_flags_say(bulk, rows, server):
    server.then(*[reply(429, {}, headers=[("Retry-After", "0")])] * 4)
    assert bulk(rows(people(1)), "--retry", "maxRetries=0").code == 4
    assert server.count == 1
    assert bulk(rows(people(1)), "--retry", "maxRetries=3", "--retry-failed").code == 0
    assert server.count == 5


def test_a_row_with_wrong_input_is_to_be_mended_and_not_run_once_more(bulk, rows, server):
    unsent = bulk(rows(people(2) + "nobody,U,3\n"), "--keep-going")
    assert "put them into another file" in unsent.err
    assert "--retry-failed" not in unsent.err
    server.then(reply(400, {"code": 1, "message": "no"}))
    both = bulk(rows(people(2) + "nobody,U,3\n", "other.csv"), "--keep-going")
    assert "put them into another file" in both.err
    assert "--retry-failed" in both.err


def test_a_failure_of_a_sheet_is_told_by_its_row_there(bulk, rows, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    workbook = openpyxl.Workbook()
    workbook.active.title = "Plan"
    for line in (("email", "firstName", "lastName"), (), ("nobody", "U", "1")):
        workbook.active.append(line)
    workbook.save(tmp_path / "rows.xlsx")
    assert "Row 1 (row 3 of the sheet Plan): " in bulk("rows.xlsx", "--keep-going").err
    assert "Row 1 (line 3): " in bulk(rows(HEADER + "\nnobody,U,3\n"), "--keep-going").err


def test_the_worst_row_says_how_it_ended(bulk, rows, server):
    server.then(reply(400, {"code": 1, "message": "no"}), reply(429, {}, headers=[("Retry-After", "9999")]))
    assert bulk(rows(), "--keep-going", "--concurrency", "1").code == 4


def test_without_a_connection_what_is_wrong_with_the_rows_is_told_first(here, rows, server):
    file = rows(HEADER + "nobody,A,B\n")
    words = ("run", "createUser", "-f", file, "-i", "userType=1", "--base-url", server.url)
    assert here(*words).code == 2
    rows()
    assert here(*words).code == 3


def test_rows_of_a_pipe_are_run_as_they_come_and_noted_when_a_journal_is_named(cli, bulk, server, tmp_path):
    def piped(text, *words):
        given = ("-i", "userType=1", "--base-url", server.url, *words)
        return cli("run", "createUser", "-f", "-", *given, given=text, env={"ZOOM_ACCESS_TOKEN": TOKEN})

    done = piped(people(2) + "nobody,U,3\n", "--rows-format", "csv")
    assert done.code == 2
    assert outcomes(done) == {1: "done", 2: "done", 3: "not_sent"}
    assert {one.name for one in tmp_path.iterdir()} <= {"data"}, "nothing but the log of runs"
    for code, number in ((0, 4), (0, 4), (2, 5)):
        done = piped(people(number), "--rows-format", "csv", "--journal", "kept.journal")
        assert done.code == code
        assert "different rows" in done.err if code else len(lines(done)) == 4
    assert server.count == 2 + 4


@pytest.mark.parametrize("more", [(), ("--journal", "kept.journal")])
def test_a_named_pipe_is_a_pipe_too(start, server, tmp_path, more):
    server.always(reply(201, {}))
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    for _ in range(2):
        words = ("run", "createUser", "-f", "rows.csv", "-i", "userType=1", "--base-url", server.url, *more)
        one = start(*words, env={"ZOOM_ACCESS_TOKEN": TOKEN})
        threading.Thread(target=pipe.write_text, args=(people(2),), daemon=True).start()
        out, err = one.communicate(timeout=60)
        assert (one.returncode, len(out.splitlines())) == (0, 2), err
    assert server.count == (2 if more else 4)
    assert {one.name for one in tmp_path.iterdir()} - {"data"} == {"rows.csv", *more[1:]}


@pytest.mark.parametrize(
    ("name", "piped"), [("-", True), ("/dev/stdin", True), ("/dev/fd/63", True), ("rows.csv", False)]
)
def test_no_journal_lies_beside_a_device(name, piped):
    assert BulkArguments(name).is_stream == piped


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "--rows-format csv|jsonl|yaml"), (["--rows-format", "csv", "--restart"], "--restart needs a journal")],
)
def test_what_a_pipe_cannot_tell_is_asked_for(bulk, words, said):
    done = bulk("-", *words)
    assert done.code == 2
    assert said in done.err


def test_a_dry_run_shows_each_request_and_needs_no_connection(here, rows, server, tmp_path):
    file = rows(HEADER.strip() + ",password,action\n" + "a@b.c,A,B,S3cret-pass,autoCreate\n")
    done = here("run", "createUser", "-f", file, "-i", "userType=1", "--dry-run")
    assert done.code == 0, done.err
    (shown,) = lines(done)
    assert (shown["row"], shown["line"], shown["method"]) == (1, 2, "POST")
    assert shown["body"]["user_info"]["email"] == "a@b.c"
    assert "S3cret" not in done.out + done.err
    assert [one.name for one in tmp_path.iterdir()] == [file]


def test_a_password_stands_in_a_column_and_is_never_shown(bulk, rows, server, tmp_path):
    header = HEADER.strip() + ",password,action\n"
    secret = "S3cret-" + "x" * 40
    done = bulk(rows(header + f"a@b.c,A,B,{secret},autoCreate\n"))
    assert done.code == 2, "it is too long"
    assert secret not in done.out + done.err
    server.then(reply(400, {"code": 1, "message": "password S3cret-pass refused"}))
    done = bulk(rows(header + "a@b.c,A,B,S3cret-pass,autoCreate\n"))
    assert done.code == 1
    assert "S3cret" not in done.out + done.err
    assert server.last.json()["user_info"]["password"] == "S3cret-pass"
    journal = (tmp_path / "rows.csv.createUser.journal").read_text(encoding="utf-8")
    assert "S3cret" not in journal
    assert TOKEN not in journal


@pytest.mark.parametrize(("shape", "read"), [("json", json.loads), ("yaml", None)])
def test_other_forms_hold_the_same_results(bulk, rows, shape, read):
    import yaml

    found = bulk(rows(), "--output", shape)
    shown = json.loads(found.out) if read else list(yaml.safe_load_all(found.out))
    assert {one["row"]: one["data"]["id"] for one in shown} == {row: f"u{row}@example.com" for row in (1, 2, 3)}


@pytest.mark.parametrize("words", [[], ["--keep-going"], ["--dry-run"]])
def test_a_file_without_rows_is_an_error_and_leaves_no_journal(bulk, rows, tmp_path, words):
    done = bulk(rows(HEADER), *words)
    assert (done.code, done.err) == (2, "rows.csv has no rows.\n")
    assert [one.name for one in tmp_path.iterdir()] == ["rows.csv"]


def test_one_row_is_told_as_one(bulk, rows):
    assert bulk(rows(people(1))).err.startswith("1 row: 1 done; ")
    assert "1 of 1 row cannot be sent" in bulk(rows(HEADER + "nobody,A,B\n", "bad.csv")).err


def test_a_query_takes_from_the_data_and_the_journal_keeps_it_whole(bulk, rows):
    file = rows(people(1))
    assert lines(bulk(file, "--query", "id"))[0]["data"] == "u1@example.com"
    assert lines(bulk(file))[0]["data"] == {"id": "u1@example.com"}
    odd = bulk(file, "--query", "sum(id)")
    assert (odd.code, lines(odd)[0]["data"]) == (2, {"id": "u1@example.com"})


def test_quiet_says_nothing_but_what_is_wrong(bulk, rows):
    assert bulk(rows(), "--quiet").err == ""


def test_progress_is_drawn_on_the_terminal_and_the_results_go_where_stdout_goes(look, rows, server):
    server.always(lambda request: reply(400 if b"7@" in request.body else 201, {"code": 1}))
    words = ("run", "createUser", "-f", rows(people(60)), "-i", "userType=1", "--base-url", server.url, "--keep-going")
    done = look(*words, streams=("stderr",), ZOOM_ACCESS_TOKEN=TOKEN, COLUMNS="200")
    assert len(lines(done)) == 60
    assert "60 of 60 rows, 6 failed" in done.err


def test_ctrl_c_lets_rows_under_way_end_and_the_same_command_goes_on(start, rows, server, here):
    gate = threading.Event()
    server.then(*[reply(201, {})] * 4).always(held(gate, reply(201, {})))
    words = creating(rows(people(40)), server, 4)
    one = start(*words, env={"ZOOM_ACCESS_TOKEN": TOKEN})
    wait_until(lambda: server.count >= 8)
    one.send_signal(signal.SIGINT)
    assert b"Stopping" in one.stderr.readline()
    gate.set()
    out, err = one.communicate(timeout=60)
    assert one.returncode == 130, err
    assert len(out.splitlines()) == server.count == 8
    done = here(*words, ZOOM_ACCESS_TOKEN=TOKEN)
    assert (done.code, sorted(outcomes(done))) == (0, list(range(1, 41)))
    assert server.count == 40


def test_a_second_ctrl_c_leaves_at_once_and_what_it_left_is_uncertain(start, rows, server, here):
    gate = threading.Event()
    server.then(*[reply(201, {})] * 2).always(held(gate, reply(201, {})))
    words = creating(rows(people(20)), server, 2)
    one = start(*words, env={"ZOOM_ACCESS_TOKEN": TOKEN})
    wait_until(lambda: server.count >= 4)
    one.send_signal(signal.SIGINT)
    assert b"Stopping" in one.stderr.readline()
    one.send_signal(signal.SIGINT)
    out, err = one.communicate(timeout=60)
    assert one.returncode == 5, "a write may have happened: that wins"
    assert [json.loads(line)["outcome"] for line in out.splitlines()].count("uncertain") == 2
    assert b"--resolve" in err
    gate.set()
    done = here(*words, ZOOM_ACCESS_TOKEN=TOKEN)
    assert done.code == 5
    assert list(outcomes(done).values()).count("uncertain") == 2
    assert (len(lines(done)), server.count) == (20, 20)


def test_a_reader_that_leaves_ends_it_and_the_journal_has_what_it_missed(start, rows, server, here):
    gate = threading.Event()
    server.then(reply(201, {})).always(held(gate, reply(201, {})))
    words = creating(rows(people(60)), server, 2)
    one = start(*words, env={"ZOOM_ACCESS_TOKEN": TOKEN})
    one.stdout.readline()
    one.stdout.close()
    gate.set()
    assert one.wait(60) == 0
    seen = server.count
    assert seen < 60
    one.stdout = None  # closed: nothing is left to read
    done = here(*words, ZOOM_ACCESS_TOKEN=TOKEN)
    assert (done.code, len(lines(done)), server.count) == (0, 60, 60)
