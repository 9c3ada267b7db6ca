"""Scripts get what they asked for and nothing around it: bare texts, CSV by RFC 4180, bodies from standard input."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
from decimal import Decimal

import pytest
from support import servers

from connector.cli.output import csv_output

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
USERS = [
    {"id": "u0", "email": "ada@example.com", "groups": ["a"], "note": 'x, "y"\nz', "verified": True},
    {"id": "u1", "email": None, "groups": [], "plan": {"type": 2}},
]


@pytest.fixture
def users(here, server):
    """List the users of a server."""
    server.always(servers.reply(200, {"users": USERS, "total_records": 2}))

    def call(*words: str, code: int = 0):
        done = here("run", "listUsers", *words, "--base-url", server.url, **TOKEN)
        assert done.code == code, done.err
        return done

    return call


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        ("users[0].id", "u0\n"),
        ("users[].id", "u0\nu1\n"),
        ("users[0].note", 'x, "y"\nz\n'),
        ("users[0].verified", "true\n"),
        ("total_records", "2\n"),
        ("users[1].email", "\n"),
        ("users[].{id: id}", '{"id": "u0"}\n{"id": "u1"}\n'),
        ("users[?id=='none']", ""),
    ],
)
def test_text_is_what_a_query_selects_without_quotes_one_item_a_line(users, query, printed):
    assert users("--query", query, "-r").out == printed
    assert users("--query", query, "--output", "text").out == printed


def test_text_of_a_listing_is_its_items(users):
    assert [json.loads(line) for line in users("-r").out.splitlines()] == USERS


def test_text_and_another_output_are_one_too_many(users):
    assert "-r and --output json cannot be combined" in users("-r", "--output", "json", code=2).err


def test_an_error_of_text_is_a_sentence_alone(here):
    done = here("run", "getUser", "-r")
    assert (done.code, done.out) == (2, "")


def test_csv_has_the_columns_of_the_definition_or_plain_values_and_ends_its_lines_as_the_standard_says(users):
    out = users("--output", "csv").out
    header, *rows = csv.reader(io.StringIO(out, newline=""))
    assert header[0] == "id"
    assert "groups" not in header
    assert [row[0] for row in rows] == ["u0", "u1"]
    assert out.count("\r\n") == 3


def test_csv_has_the_columns_that_are_named_and_what_has_parts_as_json(users):
    done = users("--output", "csv", "--columns", "id, note,groups,plan.type,verified,email")
    rows = list(csv.reader(io.StringIO(done.out, newline="")))
    assert rows == [
        ["id", "note", "groups", "plan.type", "verified", "email"],
        ["u0", 'x, "y"\nz', '["a"]', "", "true", "ada@example.com"],
        ["u1", "", "[]", "2", "", ""],
    ]


def test_csv_of_a_query_has_the_fields_that_it_selects(users):
    assert users("--output", "csv", "--query", "users[].{who: id}").out == "who\r\nu0\r\nu1\r\n"
    assert users("--output", "csv", "--query", "users[].id").out == "value\r\nu0\r\nu1\r\n"
    assert users("--output", "csv", "--query", "users[?id=='none']").out == ""


def test_csv_of_a_listing_is_printed_page_by_page_and_what_was_read_stays(here, server):
    server.then(
        servers.reply(200, {"users": USERS, "next_page_token": "p2"}), servers.reply(400, {"code": 1, "message": "no"})
    )
    done = here("run", "listUsers", "--output", "csv", "--columns", "id", "--base-url", server.url, **TOKEN)
    assert (done.code, done.out) == (1, "id\r\nu0\r\nu1\r\n")


def test_csv_without_columns_waits_for_the_first_hundred_and_tells_of_later_fields(capsys):
    def read_items():
        yield from ({"id": number, "parts": {}} for number in range(100))
        assert capsys.readouterr().out.startswith("id\r\n0\r\n1\r\n"), "nothing is printed before all is read"
        yield {"id": 100, "late": 1, "too late": 2}

    printer = csv_output.CsvPrinter()
    printer.print_items(read_items())
    printer.finish()
    out, err = capsys.readouterr()
    assert out == "100\r\n"
    assert "Later items have fields that are no columns: late, too late." in err
    assert "--columns 'id,late,too late'" in err
    assert "Fields that have parts are no columns: parts. To have them too, name all: --columns id,parts" in err


def test_csv_of_a_reply_names_its_list_and_how_to_have_a_row_for_each_item(here, server):
    server.always(servers.reply(200, {"page_count": 1, "settings": {"a": 1}, "users": USERS}))
    words = ("request", "GET", "/users", "--output", "csv", "--base-url", server.url)
    done = here(*words, **TOKEN)
    assert done.out == "page_count\r\n1\r\n"
    assert done.err == (
        "Fields that have parts are no columns: settings, users. To have a row for each of users: --query users\n"
    )
    assert here(*words, "--quiet", **TOKEN).err == ""
    assert here(*words, "--query", "users", **TOKEN).out.startswith("id,")
    assert here(*words, "--columns", "page_count", **TOKEN).err == ""


def test_the_query_of_a_list_is_one_for_any_name(capsys):
    printer = csv_output.CsvPrinter()
    printer.print_picked({"id": 1, "all users": [{"id": 1}]})
    printer.finish()
    assert """--query '"all users"'""" in capsys.readouterr().err


def test_csv_of_a_listing_of_nothing_has_the_header_where_columns_are_known(capsys):
    printer = csv_output.CsvPrinter()
    printer.print_items(iter(()), ("id", "email"))
    printer.finish()
    assert capsys.readouterr().out == "id,email\r\n"


def test_a_column_that_no_item_has_is_told_with_the_one_that_is_meant(users):
    done = users("--output", "csv", "--columns", "id,emial")
    assert done.out == "id,emial\r\nu0,\r\nu1,\r\n"
    assert done.err == "No item has a field 'emial'. Did you mean 'email'?\n"
    assert users("--output", "csv", "--columns", "id,emial", "--quiet").err == ""


@pytest.mark.parametrize(("is_terminal", "cell"), [(True, r"\x1b[2J"), (False, "\x1b[2J")])
def test_a_terminal_is_not_given_what_it_would_obey_and_a_file_has_the_bytes(is_terminal, cell):
    file = io.StringIO()
    file.isatty = lambda: is_terminal
    csv_output.write_csv(["id", "paid", "sum"], [("\x1b[2J", True, Decimal("12.50"))], file)
    assert file.getvalue() == f"id,paid,sum\r\n{cell},true,12.50\r\n"


def test_a_table_takes_columns_too(users):
    assert users("--output", "table", "--columns", "id,plan.type").out == "id\tplan.type\nu0\t\nu1\t2\n"


def test_a_column_of_a_table_that_no_item_has_is_told_too(users):
    done = users("--output", "table", "--columns", "id,emial,plan.tpye")
    assert done.out == "id\temial\tplan.tpye\nu0\t\t\nu1\t\t\n"
    assert done.err == (
        "No item has a field 'emial'. Did you mean 'email'?\nNo item has a field 'plan.tpye'. Did you mean 'plan'?\n"
    )
    assert users("--output", "table", "--columns", "id,emial", "--quiet").err == ""


@pytest.mark.parametrize("output_format", ["table", "csv"])
def test_a_field_that_is_null_is_no_missing_one(here, server, output_format):
    server.always(servers.reply(200, {"users": [{"id": "u0", "dept": None}], "next_page_token": ""}))
    words = ("run", "listUsers", "--output", output_format, "--columns", "id,dept", "--base-url", server.url)
    assert here(*words, **TOKEN).err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--columns", "id"), "--columns is for tables and CSV, and the output is json"),
        (("--columns", "id,,email", "--output", "csv"), "names of fields with one comma between them"),
        (("--columns", "id,id", "--output", "csv"), "id twice"),
        (("--columns", "groups[0]", "--output", "csv"), "as a number between dots"),
    ],
)
def test_columns_that_cannot_be_are_told_before_anything_is_sent(users, server, words, told):
    assert told in users(*words, code=2).err
    assert server.count == 0


def test_the_results_of_rows_are_csv_too(here, server, tmp_path):
    server.always(servers.reply(201, {"id": 7, "topic": "A", "settings": {"audio": "both"}}))
    (tmp_path / "rows.csv").write_text("userId,topic\nme,A\nme,\n")
    words = ("run", "createMeeting", "-f", "rows.csv", "--output", "csv", "--quiet", "--base-url", server.url)
    done = here(*words, "--columns", "id,settings.audio", **TOKEN)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out, newline="")))
    assert [(row["row"], row["line"], row["outcome"], row["data.id"]) for row in sorted(rows, key=lambda row: row["row"])] == [
        ("1", "2", "done", "7"), ("2", "3", "done", "7"),
    ]  # fmt: skip
    assert rows[0]["data.settings.audio"] == "both"


def test_a_dry_run_of_rows_as_csv_has_their_requests(here, tmp_path):
    (tmp_path / "rows.csv").write_text("userId,topic\nme,A\n")
    done = here("run", "createMeeting", "-f", "rows.csv", "--output", "csv", "--dry-run")
    (row,) = csv.DictReader(io.StringIO(done.out, newline=""))
    assert (row["row"], row["method"], json.loads(row["body"])["topic"]) == ("1", "POST", "A")


def test_the_results_of_rows_are_no_text(here, tmp_path):
    (tmp_path / "rows.csv").write_text("userId\nme\n")
    done = here("run", "createMeeting", "-f", "rows.csv", "-r", **TOKEN)
    assert (done.code, "cannot be printed as text" in done.err) == (2, True)


def test_a_body_may_be_standard_input(cli, server):
    server.always(servers.reply(201, {"id": 7}))
    words = ("request", "POST", "/users/me/meetings", "-d", "@-", "--base-url", server.url, "--query", "id", "-r")
    done = cli(*words, env=TOKEN, given=b'{"topic":"Piped"}')
    assert (done.code, done.out) == (0, "7\n"), done.err
    assert json.loads(server.requests[0].body) == {"topic": "Piped"}


def test_an_input_may_be_standard_input(cli, server):
    server.always(servers.reply(201, {"id": 7}))
    words = ("run", "createMeeting", "--user-id", "me", "-i", "settingsExtraFields:=@-", "--base-url", server.url)
    assert cli(*words, env=TOKEN, given=b'{"focus_mode": true}').code == 0
    assert json.loads(server.requests[0].body)["settings"]["focus_mode"] is True


def test_a_file_of_a_form_may_be_standard_input(cli, server):
    server.always(servers.reply(201, {"id": 7}))
    words = ("request", "POST", "/files", "-F", "file=@-", "--base-url", server.url)
    assert cli(*words, env=TOKEN, given=b"\x00\xff of any kind").code == 0
    assert b"\x00\xff of any kind" in server.requests[0].body


def test_standard_input_that_is_a_terminal_is_told(start):
    ours, theirs = pty.openpty()
    process = start("request", "POST", "/users", "-d", "@-", stdin=theirs, env=TOKEN)
    _, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 2
    assert b"standard input from a pipe" in err


@pytest.mark.parametrize(
    ("words", "header"),
    [
        (("connections", "list"), "name,connector,kind,state,expires,scopes"),
        (("runs", "list"), "id,began,action,outcome,status,seconds,connection,door,error"),
        (("records", "list"), "resource,records"),
        (("records", "list", "meetings"), "id,topic,start_time,join_url"),
        (("records", "query", "SELECT id, topic FROM zoom_meetings"), "id,topic"),
        (("webhook", "events"), "id,event,state,came,attempts,next,error"),
    ],
)
def test_csv_of_a_list_of_nothing_is_its_header(here, words, header):
    done = here(*words, "--output", "csv")
    assert (done.code, done.out) == (0, f"{header}\r\n"), done.err
