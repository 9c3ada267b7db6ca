"""Stored connections are listed, shown, tested and removed, also expired, unreadable and encrypted ones."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from support import servers
from support.sandboxes.sign_in_service import Shelf, kept

from connector.cli.connections.connection_view import wrap_line
from connector.runtime.storage.encryption import generate_key

HOUR = 3600.0
ACCESS, REFRESH = "canary-access-token", "canary-refresh-token"


def alive(**more):
    return {"access_token": ACCESS, "refresh_token": REFRESH, "expires_at": time.time() + HOUR, **more}


class TestList:
    def test_scopes_are_as_wide_as_the_terminal(self, monkeypatch):
        scopes = ", ".join(f"meeting:read:{name}" for name in ("one", "two", "three", "four", "five"))
        for width in (30, 60, 200):
            terminal = io.StringIO()
            monkeypatch.setattr(terminal, "isatty", lambda: True)
            monkeypatch.setattr("sys.stdout", terminal)
            monkeypatch.setenv("COLUMNS", str(width))
            lines = wrap_line(scopes, reserved=4)
            assert max(map(len, lines)) <= width - 4
            assert " ".join(lines) == scopes

    def test_an_empty_store_prints_nothing_and_says_how_to_fill_it(self, here):
        done = here("connections", "list")
        assert (done.code, done.out) == (0, "")
        assert "connector connect" in done.err
        assert here("connections", "list", "--quiet").err == ""
        assert here("connections", "list", "--output", "json").data["connections"] == []

    def test_a_row_a_connection_sorted_by_name(self, here, shelf):
        shelf.put("work", **alive(scope="user:read:user meeting:read:meeting"))
        shelf.put("reports", "serverToServer")
        shelf.put("mine", "accessToken")
        done = here("connections", "list")
        assert done.code == 0, done.err
        rows = [line.split("\t") for line in done.out.splitlines()]
        assert rows[0] == ["name", "connector", "kind", "state", "expires", "scopes"]
        assert [row[:4] for row in rows[1:]] == [
            ["mine", "zoom", "accessToken", "alive"],
            ["reports", "zoom", "serverToServer", "alive"],
            ["work", "zoom", "oauth2", "alive"],
        ]
        assert rows[3][5] == "2"

    def test_the_rows_are_written_as_the_results_of_actions_are(self, here, shelf):
        shelf.put("work", **alive(scope="user:read:user meeting:read:meeting"))
        header, row = csv.reader(here("connections", "list", "--output", "csv").out.splitlines())
        assert (header[0], header[-1], row[0], row[-1]) == ("name", "scopes", "work", "2")
        assert here("connections", "list", "--output", "lines").data["kind"] == "oauth2"
        assert "connections:\n- name: work\n" in here("connections", "list", "--output", "yaml").out

    def test_how_each_token_stands(self, here, shelf):
        shelf.put("renewable", **alive(expires_at=time.time() - HOUR))
        shelf.put("expired", access_token=ACCESS, expires_at=time.time() - HOUR)
        shelf.put("endless", access_token=ACCESS)
        shelf.put("server", "serverToServer", access_token=ACCESS, expires_at=time.time() - HOUR)
        shelf.put("dead", **alive())
        shelf.change("dead", dead={"at": 1_790_000_000.0, "why": "the service says no", "of": "x"})
        done = here("connections", "list", "--output", "json")
        assert {row["name"]: row["state"] for row in done.data["connections"]} == {
            "renewable": "alive", "expired": "expired", "endless": "alive", "server": "alive", "dead": "dead",
        }  # fmt: skip
        assert done.code == 3
        dead, expired = done.err.splitlines()
        assert dead == "dead stopped working at 2026-09-21T14:13:20Z: the service says no. Run: connector connect dead"
        assert expired.endswith("Run: connector connect expired")

    def test_a_record_that_is_damaged_hides_no_other(self, here, shelf, surroundings):
        for name in ("a", "b", "c"):
            shelf.put(name, "accessToken")
        path = next(Path(surroundings["XDG_DATA_HOME"]).rglob("connection%3Azoom%3Ab.json"))
        path.write_bytes(path.read_bytes()[:50])
        done = here("connections", "list", "--output", "json")
        assert {row["name"]: row["state"] for row in done.data["connections"]} == {
            "a": "alive", "b": "unreadable", "c": "alive",
        }  # fmt: skip
        assert done.code == 1
        assert str(path) in done.err
        assert len(list(path.parent.glob("*.corrupt-*"))) == 1

    def test_a_record_of_something_else_is_unreadable_and_stays(self, here, shelf):
        shelf.put("good", "accessToken")
        shelf.store.write(
            "connection:zoom:odd", {"kind": "oauth2", "inputs": {}, "grant": {"access_token": "canary-x"}}
        )
        for words in (["list"], ["show", "odd"], ["test", "odd"]):
            done = here("connections", *words)
            assert (done.code, "is not a connection" in done.err) == (1, True), words
            assert "canary" not in done.out + done.err
        assert "odd\tzoom\t\tunreadable" in here("connections", "list").out

    def test_a_record_that_is_sealed_with_another_key_is_named_with_it(self, here, shelf, monkeypatch):
        first = generate_key()
        monkeypatch.setenv("CONNECTOR_KEY", first)
        shelf.put("sealed", **alive())
        for key in (generate_key(), ""):
            done = here("connections", "list", "--output", "json", CONNECTOR_KEY=key)
            assert done.data["connections"][0]["state"] == "unreadable"
            assert (done.code, "is sealed with key" in done.err) == (1, True)
            assert f" in {shelf.store.store.location} is sealed" in done.err, "the place, and not how it is read"
            assert first not in done.err + done.out
        assert here("connections", "list", CONNECTOR_KEY=first).code == 0

    def test_other_connectors_are_listed_and_not_judged(self, here, shelf, folder, tmp_path):
        shelf.put("work", access_token=ACCESS, expires_at=time.time() - HOUR)
        folder()
        done = here("--connector", str(tmp_path), "connections", "list", "--output", "json")
        assert done.code == 0, done.err
        row = done.data["connections"][0]
        assert (row["name"], row["connector"], row["state"]) == ("work", "zoom", "unknown")


class TestShow:
    def test_everything_but_the_secrets(self, here, shelf, surroundings):
        shelf.put("work", **alive(scope="user:read:user", api_url="https://api-eu.zoom.us"))
        done = here("connections", "show", "work", "--output", "json")
        assert done.code == 0, done.err
        told = done.data
        assert told["inputs"]["clientId"] == "clientId-of-work"
        assert told["inputs"]["clientSecret"] == "***"
        assert (told["token"]["access_token"], told["token"]["refresh_token"]) == ("***", "***")
        assert (told["scopes"], told["token"]["api_url"]) == (["user:read:user"], "https://api-eu.zoom.us")
        assert told["store"] == f"{surroundings['XDG_DATA_HOME']}/connector/store, unencrypted"
        text = here("connections", "show", "work")
        for canary in (ACCESS, REFRESH, "clientSecret-of-work"):
            assert canary not in done.out + text.out + text.err
        assert "inputs.clientId      clientId-of-work\n" in text.out

    def test_long_lists_go_on_below_themselves(self, here, shelf):
        shelf.put("work", **alive(scope=" ".join(f"scope:number:{n}" for n in range(40))))
        lines = here("connections", "show", "work").out.splitlines()
        assert max(len(line) for line in lines if "scope:" in line) <= 102
        assert "scope:number:39" in "".join(lines)

    def test_one_that_has_ended_says_why_and_what_to_run(self, here, shelf):
        shelf.put("my work", **alive())
        dead = {"at": 1_790_000_000.0, "why": "the service says no", "of": "x"}
        shelf.change("my work", dead=dead, intent={"at": 1_790_000_000.0, "pid": 1})
        done = here("connections", "show", "my work", "--output", "json")
        assert done.code == 3
        assert done.data["ended"] == {"at": "2026-09-21T14:13:20Z", "why": "the service says no"}
        assert done.data["interrupted"] == "2026-09-21T14:13:20Z"
        assert "Run: connector connect 'my work'" in done.err

    @pytest.mark.parametrize("command", ["show", "test", "remove"])
    def test_a_name_that_is_not_there(self, here, shelf, command):
        shelf.put("work", **alive())
        done = here("connections", command, "wrk")
        assert done.code == 3
        assert "Did you mean 'work'?" in done.err

    def test_the_store_of_a_database_is_shown_without_its_password(self, here, zoom, tmp_path):
        pytest.importorskip("sqlalchemy")
        place = f"sqlite:///{tmp_path / 'kept.db'}"
        Shelf(zoom, place).put("work", **alive())
        assert here("connections", "show", "work", "--store", place, "--output", "json").data["store"].startswith(place)
        done = here("connections", "show", "other", "--store", place)
        assert f"connector connect other --store {place}" in done.err


class TestTest:
    def test_it_says_who_is_connected(self, here, world, shelf):
        shelf.put("mine", "accessToken")
        done = here("connections", "test", "mine", **world.places)
        assert done.out == "mine: connected as ada@example.com, Ada Byron. Tested with getUser: status 200.\n"
        done = here("connections", "test", "mine", "--output", "json", **world.places)
        assert done.data["test"]["shows"]["email"] == "ada@example.com"

    @pytest.mark.parametrize(
        ("status", "headers", "code"), [(500, (), 1), (403, (), 1), (429, [("Retry-After", "3600")], 4), (401, (), 3)]
    )
    def test_the_exit_code_says_whose_turn_it_is(self, here, server, shelf, status, headers, code):
        server.always(servers.reply(status, {"message": "no"}, headers=headers))
        shelf.put("mine", "accessToken")
        done = here("connections", "test", "mine", ZOOM_BASE_URL=server.url, CONNECTOR_TIMEOUT="5s")
        assert done.code == code, done.err
        assert done.out == ""

    def test_an_interrupted_test_ends_as_a_shell_expects(self, here, shelf, monkeypatch):
        shelf.put("mine", "accessToken")

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("connector.cli.connections.connection_test.run_connection_test", interrupt)
        done = here("connections", "test", "mine")
        assert (done.code, done.err) == (130, "Interrupted.\n")


class TestRemove:
    def test_its_tokens_are_ended_and_it_is_forgotten(self, here, world, surroundings):
        env = world.app(ZOOM_ACCOUNT_ID="account-1")
        assert here("connect", "work", "--unencrypted", **env).code == 0
        done = here("connections", "remove", "work", "--output", "json")
        assert done.code == 0, done.err
        assert done.data["tokens"] == [{"token": "access token", "ended": True, "said": None}]
        assert world.count("POST /oauth/revoke") == 1
        assert b"account-1" not in kept(surroundings)

    def test_a_service_that_does_not_answer_keeps_it(self, here, world, shelf):
        shelf.put("work", **alive())
        shelf.change(
            "work",
            inputs={**shelf.store.read("connection:zoom:work").data["inputs"], "revokeUrl": "http://127.0.0.1:1/r"},
        )
        done = here("connections", "remove", "work")
        assert done.code == 1
        assert "connector connections remove work --no-revoke" in done.err
        assert shelf.store.keys() == ["connection:zoom:work"]
        done = here("connections", "remove", "work", "--no-revoke")
        assert (done.code, done.out) == (0, "work was removed.\n")
        assert shelf.store.keys() == []

    def test_one_that_is_sealed_with_a_lost_key_can_be_forgotten(self, here, shelf, monkeypatch):
        monkeypatch.setenv("CONNECTOR_KEY", generate_key())
        shelf.put("lost", **alive())
        monkeypatch.setenv("CONNECTOR_KEY", generate_key())
        done = here("connections", "remove", "lost")
        assert (done.code, "--no-revoke" in done.err) == (1, True)
        assert here("connections", "remove", "lost", "--no-revoke").code == 0
        assert shelf.store.keys() == []


class TestKeys:
    def test_a_key_is_made_and_works(self, here, world):
        made = here("connections", "key").out.strip()
        assert here("connections", "key").out.strip() != made
        done = here("connect", "mine", **world.places, ZOOM_ACCESS_TOKEN="t-1", CONNECTOR_KEY=made)
        assert done.code == 0, done.err

    def test_rotation_leaves_nothing_that_the_old_key_is_needed_for(self, here, shelf, monkeypatch):
        old, new = generate_key(), generate_key()
        monkeypatch.setenv("CONNECTOR_KEY", old)
        shelf.put("work", **alive())
        shelf.put("other", **alive())
        done = here("connections", "rotate", CONNECTOR_KEY=f"{new},{old}")
        assert done.code == 0, done.err
        assert done.out.startswith("2 records encrypted with key ")
        assert here("connections", "rotate").out.startswith("0 records encrypted")
        assert here("connections", "list", CONNECTOR_KEY=new).code == 0
        assert here("connections", "list", CONNECTOR_KEY=old).code == 1
        assert old not in done.out + done.err
        assert new not in done.out + done.err

    def test_a_clear_record_is_sealed_by_rotation(self, here, shelf, surroundings):
        shelf.put("work", **alive())
        assert REFRESH.encode() in kept(surroundings)
        assert here("connections", "rotate", CONNECTOR_KEY=generate_key()).code == 0
        assert REFRESH.encode() not in kept(surroundings)

    def test_without_a_key_or_with_a_wrong_one_it_is_a_matter_of_usage(self, here):
        assert here("connections", "rotate").code == 2
        done = here("connections", "list", CONNECTOR_KEY="canary-no-key")
        assert (done.code, "canary" in done.err) == (2, False)


def test_a_shell_completes_the_names_that_are_kept(here, shelf):
    for name in ("work", "worldwide", "home"):
        shelf.put(name, "accessToken")

    def offered(*words: str) -> list[str]:
        line = " ".join(["connector", *words])
        done = here(COMP_WORDS=line, COMP_CWORD=str(len(words)), _CONNECTOR_COMPLETE="bash_complete")
        assert done.err == ""
        return [row.partition(",")[2] for row in done.out.splitlines() if row]

    for command in ("show", "test", "remove"):
        assert offered("connections", command, "wor") == ["work", "worldwide"]
    assert offered("connect", "h") == ["home"]
    assert offered("run", "getUser", "--connection", "wor") == ["work", "worldwide"]
    assert offered("run", "getUser", "--connection", "server") == ["serverToServer"]
    assert offered("connections", "show", "--sandbox", "") == []
    assert offered("connections", "") == ["key", "list", "remove", "rotate", "show", "test"]


def test_a_command_that_is_not_known_is_told_with_the_nearest(here):
    done = here("connections", "lst")
    assert (done.code, done.out) == (2, "")
    assert "Unknown command 'connections lst'. Did you mean 'list'?" in done.err
