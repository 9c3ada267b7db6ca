"""Results on stdout: JSON for programs, tables for people, nothing else."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from support import servers

from connector.cli.output import printer, stdio

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
USERS = [{"id": f"u{n}", "email": f"user{n}@example.com", "groups": ["a"], "note": "x\x1b[31m\ty"} for n in range(3)]


def pages(items, size=1):
    """Return a server's replies: these items, `size` a page."""

    def answer(request):
        start = int(dict(request.query).get("next_page_token") or 0)
        after = start + size
        token = str(after) if after < len(items) else ""
        return servers.reply(200, {"users": items[start:after], "next_page_token": token, "total_records": len(items)})

    return answer


@pytest.fixture
def users(here, server):
    """List the users of a server with three, one per page."""
    server.always(pages(USERS))

    def call(*words: str):
        done = here("run", "listUsers", *words, "--base-url", server.url, **TOKEN)
        assert done.code == 0, done.err
        return done

    return call


def test_json_is_the_default_and_the_whole_result(users):
    done = users()
    assert done.data == users("--output", "json").data
    assert list(done.data) == [
        "data", "status", "headers", "request_id", "attempts", "outcome", "complete", "pages", "warnings",
    ]  # fmt: skip
    assert done.data["data"]["users"] == USERS
    assert (done.data["pages"], done.data["complete"]) == (3, True)
    assert done.err == ""


def test_yaml_says_the_same(users):
    assert yaml.safe_load(users("--output", "yaml").out) == users().data


def test_lines_are_one_item_a_line(users, server):
    assert [json.loads(line) for line in users("--output", "lines").out.splitlines()] == USERS
    assert server.count == 3


def test_lines_of_something_else_are_one_result(here, server):
    done = here("run", "getUser", "--user-id", "me", "--output", "lines", "--base-url", server.url, **TOKEN)
    (line,) = done.out.splitlines()
    assert json.loads(line)["status"] == 200


def test_a_limit_counts_items(users, server):
    assert len(users("--limit", "2").data["data"]["users"]) == 2
    assert len(users("--limit", "2", "--output", "lines").out.splitlines()) == 2
    assert server.count == 4


def test_lines_come_while_the_listing_goes_on(start, server):
    first = servers.reply(200, {"users": [{"id": 1}], "next_page_token": "a"})
    server.then(first).always(servers.silence())
    process = start("run", "listUsers", "--output", "lines", "--base-url", server.url, env=TOKEN)
    assert json.loads(process.stdout.readline()) == {"id": 1}


def test_items_before_an_error_are_printed(here, server):
    server.then(servers.reply(200, {"users": [{"id": 1}], "next_page_token": "a"})).always(
        servers.reply(404, {"code": 1001, "message": "gone"})
    )
    done = here("run", "listUsers", "--output", "lines", "--base-url", server.url, **TOKEN)
    assert done.code == 1
    assert done.out == '{"id": 1}\n'
    assert "gone" in done.err


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["--query", "users[].id"], '[\n  "u0",\n  "u1",\n  "u2"\n]\n'),
        (["--query", "users[0].id"], '"u0"\n'),
        (["--query", "users[].id", "--output", "lines"], '"u0"\n"u1"\n"u2"\n'),
        (["--query", "users[0].id", "--output", "lines"], '"u0"\n'),
        (["--query", "users[].id", "--output", "yaml"], "- u0\n- u1\n- u2\n"),
        (["--query", "users[].{id: id, to: email}", "--output", "table"],
         "id\tto\nu0\tuser0@example.com\nu1\tuser1@example.com\nu2\tuser2@example.com\n"),
        (["--query", "users[].id", "--output", "table"], "u0\nu1\nu2\n"),
        (["--query", "{n: length(users)}", "--output", "table"], "n\t3\n"),
        (["--query", "nothing"], "null\n"),
    ],
)  # fmt: skip
def test_a_query_reads_data(users, words, printed):
    assert users(*words).out == printed


def test_a_query_that_does_not_suit_the_data_loses_no_result(here, server):
    server.always(servers.reply(201, {"id": 7}))
    done = here("run", "createMeeting", "--user-id", "me", "--query", "length(id)", "--base-url", server.url, **TOKEN)
    assert done.code == 2
    assert "length() accepts string or array or object, not number" in done.err
    assert done.data["error"]["outcome"] == "done"
    assert done.data["result"]["data"] == {"id": 7}
    assert server.count == 1


def test_a_table_in_a_pipe_is_columns_between_tabs(users):
    done = users("--output", "table", "--query", "users")
    assert done.out.splitlines()[0] == "id\temail\tnote"
    assert done.out.splitlines()[1] == "u0\tuser0@example.com\tx\\x1b[31m\\ty"
    assert "Not in the table: groups." in done.err
    assert users("--output", "table", "--query", "users", "--quiet").err == ""


def test_a_table_has_the_columns_that_the_definition_names(users):
    done = users("--output", "table")
    assert done.out.splitlines()[:2] == [
        "id\temail\tfirst_name\tlast_name\ttype\tstatus",
        "u0\tuser0@example.com\t\t\t\t",
    ]
    assert done.err == ""


def test_a_table_of_one_thing_is_its_names_and_values(here, server):
    server.always(servers.reply(200, {"id": "u1", "type": 2, "on": True, "none": None, "groups": ["a", "é"]}))
    done = here("run", "getUser", "--user-id", "me", "--output", "table", "--query", "@", "--base-url", server.url,
                **TOKEN)  # fmt: skip
    assert done.out == 'id\tu1\ntype\t2\non\ttrue\nnone\t\ngroups\t["a", "é"]\n'


@pytest.fixture
def terminal(look):
    """Run a command with all that it prints on a terminal."""

    def call(*words, **env):
        return look(*words, streams=("stdout", "stderr"), **env)

    return call


def test_a_terminal_gets_a_table_that_fits_it(terminal, server):
    words = ["run", "listUsers", "--output", "table", "--quiet", "--base-url", server.always(pages(USERS)).url]
    done = terminal(*words, COLUMNS="60", NO_COLOR="1")
    assert done.code == 0
    assert re.search(r"^u0  user0@example.com", done.out, re.MULTILINE)
    assert max(len(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", done.out).splitlines()) <= 60
    assert "\x1b[31m" not in done.out  # data of the service cannot colour the terminal
    done = terminal(*words, COLUMNS="20")
    assert done.code == 0
    assert "u0" in done.out


def test_long_listings_show_progress_on_a_terminal_alone(start, terminal, server):
    server.always(pages([{"id": n} for n in range(30)], size=3))
    words = ["run", "listUsers", "--query", "length(users)", "--base-url", server.url]
    done = terminal(*words)
    assert done.code == 0
    assert re.search(r"\d+ pages, \d+ items", done.out)
    assert done.out.rstrip().endswith("30")
    assert "pages," not in terminal(*words, "--quiet").out
    process = start(*words, env=TOKEN)
    out, err = process.communicate(timeout=60)
    assert (out, err) == (b"30\n", b"")


def test_progress_has_colour_unless_it_is_not_wanted(terminal, server):
    server.always(pages([{"id": n} for n in range(30)], size=3))
    words = ["run", "listUsers", "--query", "length(users)", "--base-url", server.url]
    colour = re.compile(r"\x1b\[(\d+;)*3\d")
    assert colour.search(terminal(*words).out)
    assert not colour.search(terminal(*words, NO_COLOR="1").out)


def test_progress_knows_the_end_where_a_limit_says_it(terminal, server):
    server.always(pages([{"id": n} for n in range(30)], size=3))
    words = ["run", "listUsers", "--limit", "9", "--query", "length(users)", "--base-url", server.url]
    assert "of 9 items" in terminal(*words).out


def test_many_calls_show_progress(terminal, server, tmp_path):
    (tmp_path / "calls.yaml").write_text("---\n".join(["action: getUser\ninputs: {userId: me}\n"] * 4))
    done = terminal("run", "-f", "calls.yaml", "--base-url", server.url)
    assert done.code == 0
    assert "of 4 calls" in done.out


def test_a_chain_shows_its_step_and_how_many_of_its_calls_have_ended(terminal, server, tmp_path):
    server.always(servers.reply(200, {"id": "me"}))
    steps = "me: {each: [me, me, me, me], action: getUser, inputs: {userId: {from: each}}}"
    (tmp_path / "chain.yaml").write_text(f"steps: {{{steps}, last: {{action: getUser, inputs: {{userId: me}}}}}}\n")
    done = terminal("run", "-f", "chain.yaml", "--base-url", server.url)
    assert done.code == 0
    assert re.search(r"\d of 4 calls of step me \(1 of 2\)", done.out)


@pytest.mark.parametrize(
    ("encoding", "form"),
    [("ascii", "json"), ("latin-1", "json"), ("cp437", "lines"), ("ascii", "yaml"), ("cp437", "table")],
)
def test_a_terminal_that_is_not_utf8_gets_escapes_and_sound_data(cli, server, encoding, form):
    server.always(servers.reply(200, {"name": "Zoë ☂ 😀"}))
    words = ["run", "getUser", "--user-id", "me", "--output", form, "--base-url", server.url]
    done = cli(*words, env={**TOKEN, "PYTHONIOENCODING": encoding})
    assert done.code == 0, done.err
    if form in ("json", "lines"):
        assert done.data["data"]["name"] == "Zoë ☂ 😀"
    if form == "yaml":
        assert yaml.safe_load(done.out)["data"]["name"] == "Zoë ☂ 😀"


def test_an_error_on_a_terminal_that_is_not_utf8_is_told(cli, server):
    server.always(servers.reply(404, {"code": 1, "message": "Zoë fehlt ☂"}))
    done = cli(
        "run", "getUser", "--user-id", "me", "--base-url", server.url, env={**TOKEN, "PYTHONIOENCODING": "ascii"}
    )
    assert done.code == 1
    assert "Zo\\xeb fehlt \\u2602" in done.err


def test_what_a_service_says_cannot_write_to_the_terminal(here, server):
    server.always(servers.reply(404, {"code": 1, "message": "no\x1b[2J\x07\r\nfake: done"}))
    done = here("run", "getUser", "--user-id", "me", "--base-url", server.url, **TOKEN)
    assert "\x1b" not in done.err + done.out
    assert "\nfake" not in done.err


def test_a_warning_of_a_result_is_said(here, server, tmp_path):
    (tmp_path / "call.yaml").write_text(
        "action: rawRequest\ninputs: {method: POST, url: /x, retryAllErrors: true, maxRetries: 2}\n"
    )
    server.then(servers.hang_up()).always(servers.reply(200, {}))
    done = here("run", "-f", "call.yaml", "--base-url", server.url, **TOKEN)
    assert done.code == 0
    assert "more than once" in done.err
    assert done.data["warnings"]


CONTROLS = "\x1b[31m\x07\x7f\x9b31m\x85\u202e\u2066\u200f\u2028\u061c\U000e0041"
HARMLESS = "é 日本\u3000😀\u200d\t\n"


@pytest.mark.parametrize("form", ["json", "lines", "yaml", "table"])
@pytest.mark.parametrize("query", [(), ("--query", "users"), ("--query", "users[0].note"), ("--query", "users[0]")])
def test_a_reply_has_no_say_over_a_terminal(here, server, form, query):
    users = [{"id": "u1", f"no{CONTROLS}te": CONTROLS, "note": CONTROLS + HARMLESS, "more": {"x": CONTROLS}}]
    server.always(servers.reply(200, {"users": users, "next_page_token": ""}))
    done = here("run", "listUsers", "--output", form, *query, "--base-url", server.url, **TOKEN)
    assert done.code == 0, done.err
    assert not set(CONTROLS) - set("[31mA") & set(done.out + done.err)
    if form == "json" and not query:
        assert done.data["data"]["users"] == users
        assert "é 日本\u3000😀\u200d" in done.out, "what is no control is readable"
    if form == "yaml" and not query:
        assert yaml.safe_load(done.out)["data"]["users"] == users
    if form == "lines" and query == ("--query", "users"):
        assert [json.loads(line) for line in done.out.splitlines()] == users


@pytest.mark.parametrize("form", ["json", "lines", "yaml", "table"])
def test_an_error_has_no_say_over_a_terminal(here, server, form):
    server.always(servers.reply(400, {"code": 300, "message": f"No{CONTROLS}", "errors": [{"field": CONTROLS}]}))
    done = here("run", "getUser", "--user-id", "me", "--output", form, "--base-url", server.url, **TOKEN)
    assert done.code != 0
    assert not set(CONTROLS) - set("[31mA") & set(done.out + done.err)


def test_plain_text_is_escaped_on_a_terminal_alone(monkeypatch, capsys):
    printer.write_text(f"a{CONTROLS}\n\tb")
    assert capsys.readouterr().out == f"a{CONTROLS}\n\tb\n"
    monkeypatch.setattr(stdio, "is_stdout_terminal", lambda: True)
    printer.write_text("a\x1b\x9b\n\tb")
    assert capsys.readouterr().out == "a\\x1b\\x9b\n\tb\n"
