"""On a terminal a result is a card of what matters; in a pipe, and where a format is asked for, nothing changes."""

from __future__ import annotations

import json
import re

import pytest
from support import servers

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
LINK = "https://example.com/j/84512370966?pwd=" + "a" * 60
MEETING = {"uuid": "u==", "host_id": "h", "id": 84512370966, "topic": "Standup", "join_url": LINK, "settings": {"a": 1}}


def create(server, *words):
    server.always(servers.reply(201, MEETING))
    return ["run", "createMeeting", "--user-id", "me", *words, "--base-url", server.url]


def test_the_fields_that_the_definition_names_are_shown_in_its_order_and_a_link_is_whole(look, server):
    code, shown, err = look(*create(server), NO_COLOR="1")
    assert code == 0
    assert shown == f"id        84512370966\ntopic     Standup\njoin_url\n          {LINK}\n" or shown == (
        f"id        84512370966\ntopic     Standup\njoin_url  {LINK}\n"
    )
    assert err == "Done (201).\n--output json shows everything.\n"


def test_names_have_colour_and_the_data_cannot_have_any(look, server):
    shown = look(*create(server))[1]
    assert "\x1b[36mid\x1b[0m" in shown
    server.always(servers.reply(201, {"id": 1, "topic": "\x1b[31mred"}))
    assert "\x1b[31m" not in look("run", "createMeeting", "--user-id", "me", "--base-url", server.url)[1]


def test_a_format_that_is_asked_for_is_what_a_pipe_gets(look, cli, server):
    code, shown, _ = look(*create(server, "--output", "json"))
    assert code == 0
    assert json.loads(shown)["data"] == MEETING
    piped = cli(*create(server), env=TOKEN)
    assert piped.data["data"] == MEETING
    assert look(*create(server, "--query", "id"))[1] == "84512370966\n"


def test_a_reply_without_a_body_is_told_as_done(look, server):
    server.always(servers.reply(204, None))
    code, shown, err = look("run", "deleteUser", "--user-id", "u1", "--yes", "--base-url", server.url)
    assert (code, shown) == (0, "")
    assert "Done (204)." in err
    quiet = look("run", "deleteUser", "--user-id", "u1", "--yes", "--quiet", "--base-url", server.url)
    assert quiet == (0, "", "")


def test_a_listing_is_its_first_rows_and_how_many_there_are(look, server):
    users = [{"id": f"u{n}", "email": f"u{n}@example.com", "dept": "x", "type": 1} for n in range(30)]
    server.always(servers.reply(200, {"users": users, "next_page_token": ""}))
    _, shown, err = look("run", "listUsers", "--base-url", server.url, NO_COLOR="1")
    lines = shown.splitlines()
    assert lines[0].split() == ["id", "email", "first_name", "last_name", "type", "status"]
    assert len(lines) == 21
    assert "20 of 30 shown. --output table shows every row" in err
    server.always(servers.reply(200, {"users": users[:20], "next_page_token": ""}))
    assert "20 of 20 shown. --output json" in look("run", "listUsers", "--base-url", server.url)[2]


@pytest.mark.parametrize("words", [(), ("--output", "table")])
def test_the_last_columns_that_do_not_fit_are_left_out_and_named(look, server, words):
    user = {"first_name": "Maximiliane", "last_name": "Oberhuber", "type": 2, "status": "active"}
    users = [{"id": "u" * 22, "email": f"user-number-{n}@example.com", **user} for n in range(3)]
    server.always(servers.reply(200, {"users": users, "next_page_token": ""}))
    _, shown, err = look("run", "listUsers", *words, "--base-url", server.url, NO_COLOR="1")
    lines = shown.splitlines()
    assert lines[0].split() == ["id", "email", "first_name", "last_name", "type"]
    assert len(lines) == 4
    assert "Not in the table: status." in err
    narrow = look("run", "listUsers", *words, "--base-url", server.url, NO_COLOR="1", COLUMNS="50")[1]
    assert narrow.count("status") == 3, "two columns are no table: cards have them all"


def test_columns_that_the_command_names_are_all_there_side_by_side_or_as_cards(look, server):
    server.always(servers.reply(200, {"users": [{"id": "u" * 30, "email": "e" * 60}], "next_page_token": ""}))
    words = ("run", "listUsers", "--output", "table", "--columns", "id,email", "--base-url", server.url)
    _, shown, err = look(*words, NO_COLOR="1")
    assert shown == f"id     {'u' * 30}\nemail  {'e' * 60}\n"
    assert err == ""


@pytest.mark.parametrize("width", ["40", "64", "80", "120", "200"])
def test_a_table_has_the_columns_of_the_definition_at_every_width(look, server, width):
    server.always(servers.reply(200, {"meetings": [MEETING], "next_page_token": ""}))
    words = ["run", "listMeetings", "--user-id", "me", "--output", "table", "--base-url", server.url]
    shown = look(*words, COLUMNS=width, NO_COLOR="1")[1]
    places = [re.search(rf"\b{name}\b", shown).start() for name in ("id", "topic", "join_url")]
    assert places == sorted(places)
    assert LINK in shown
    assert "uuid" not in shown


def test_where_no_columns_are_named_the_first_plain_fields_of_the_schema_are_shown(look, server, folder):
    connector = folder(
        "",
        {"shine": "action: shine\nlabel: Shine\nsummary: It shines.\nrequest: GET /lamps\nreturns: {schema: lamp}\n"},
    )
    schemas = connector.folder / "schemas" / "objects"
    schemas.mkdir(parents=True, exist_ok=True)
    properties = {name: {"type": "string"} for name in "abcdefgh"}
    schema = {"type": "object", "properties": {"holder": {"type": "object"}, **properties}}
    (schemas / "lamp.json").write_text(json.dumps(schema))
    server.always(servers.reply(200, {"h": "8", "c": "3", "b": "2", "a": "1", "new": "x", "holder": {}}))
    words = ["--connector", str(connector.folder), "run", "shine", "--base-url", server.url]
    key = {"LAMP_API_KEY": "a-key-of-lamps"}
    code, shown, err = look(*words, NO_COLOR="1", **key)
    assert code == 0, err
    assert shown.split() == ["a", "1", "b", "2", "c", "3", "h", "8"]
