"""The connection of a run: from the flag, the call file, the setting, or the only stored one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

ME = ["run", "getUser", "--user-id", "me", "--query", "email"]
ADA = '"ada@example.com"\n'


def bearers(server):
    return [one.header("authorization") for one in server.requests]


class TestWhich:
    @pytest.fixture
    def two(self, shelf):
        shelf.put("work", "accessToken")
        shelf.put("home", "accessToken")
        return shelf

    def test_the_flag_wins_over_the_call_file_and_that_over_the_setting(self, here, two, server, tmp_path):
        (tmp_path / "call.yaml").write_text("action: getUser\nconnection: work\ninputs: {userId: me}\n")
        env = {"ZOOM_BASE_URL": server.url, "CONNECTOR_CONNECTION": "home"}
        assert here(*ME, **env).code == 0
        assert here("run", "-f", "call.yaml").code == 0
        assert here("run", "-f", "call.yaml", "--connection", "home").code == 0
        assert here(*ME, "-i", "connection=work").code == 0
        assert bearers(server) == [f"Bearer token-of-{name}" for name in ("home", "work", "home", "work")]

    def test_each_call_of_a_file_may_have_its_own(self, here, two, server, tmp_path):
        calls = "".join(
            f"---\naction: getUser\nconnection: {name}\ninputs: {{userId: me}}\n" for name in ("work", "home")
        )
        (tmp_path / "call.yaml").write_text(calls)
        assert here("run", "-f", "call.yaml", ZOOM_BASE_URL=server.url).code == 0
        assert bearers(server) == ["Bearer token-of-work", "Bearer token-of-home"]

    def test_several_without_a_word_which_are_named(self, here, two, server):
        done = here(*ME, ZOOM_BASE_URL=server.url)
        assert done.code == 3
        assert "Stored: home, work." in done.err
        assert server.count == 0

    def test_the_only_one_is_taken_unless_the_environment_says_something(self, here, shelf, server):
        shelf.put("work", "accessToken")
        assert here(*ME, ZOOM_BASE_URL=server.url).code == 0
        assert here(*ME, ZOOM_CLIENT_ID="half-an-app").code == 3
        assert here(*ME, ZOOM_ACCESS_TOKEN="of-the-environment").code == 0
        assert bearers(server) == ["Bearer token-of-work", "Bearer of-the-environment"]

    def test_a_raw_request_takes_it_too(self, here, two, server):
        assert here("raw", "GET", "/users/me", "--connection", "home", ZOOM_BASE_URL=server.url).code == 0
        assert bearers(server) == ["Bearer token-of-home"]

    def test_a_name_that_is_not_kept(self, here, two, server):
        done = here(*ME, "--connection", "wrok", ZOOM_BASE_URL=server.url, ZOOM_ACCESS_TOKEN="t")
        assert done.code == 3
        assert "Did you mean 'work'?" in done.err
        assert "connector connect wrok" in done.err
        assert server.count == 0

    def test_a_dry_run_needs_none(self, here):
        assert here(*ME, "--connection", "nowhere", "--dry-run").code == 0


class TestRenewal:
    def test_an_expired_token_is_renewed_once_and_kept(self, cli, world, here, shelf):
        env = world.app()
        assert cli("connect", "work", "--unencrypted", env=env).code == 0
        before = shelf.store.read("connection:zoom:work").data["grant"]
        shelf.change("work", grant={"expires_at": time.time() - 60, "obtained_at": time.time() - 3660})
        for _ in range(2):
            done = cli(*ME, "--connection", "work", env=world.places)
            assert (done.code, done.out) == (0, ADA), done.err
        assert world.count("POST /oauth/token") == 2  # the sign-in's, and one refresh
        after = shelf.store.read("connection:zoom:work").data["grant"]
        assert after["refresh_token"] != before["refresh_token"]

    def test_one_that_has_ended_is_told_each_time_and_the_service_asked_once(self, here, world, shelf):
        shelf.put("work", access_token="old", refresh_token="spent", expires_at=time.time() - 60)
        shelf.change(
            "work",
            inputs={
                **shelf.store.read("connection:zoom:work").data["inputs"],
                "tokenUrl": world.places["ZOOM_TOKEN_URL"],
            },
        )
        for words in (ME, ME, ["connections", "test"]):
            extra = ["--connection", "work"] if words is ME else ["work"]
            done = here(*words, *extra, **world.places)
            assert done.code == 3
            assert "connector connect work" in done.err
        assert world.count("POST /oauth/token") == 1
        assert here("connections", "list").code == 3
        assert here("connections", "show", "work").code == 3

    def test_a_damaged_record_is_named(self, here, shelf, server, surroundings):
        shelf.put("work", "accessToken")
        path = next(Path(surroundings["XDG_DATA_HOME"]).rglob("connection*.json"))
        path.write_text("{")
        done = here(*ME, "--connection", "work", ZOOM_BASE_URL=server.url)
        assert done.code == 1
        assert str(path) in done.err
        assert server.count == 0


class TestSandbox:
    def test_its_connections_are_its_own(self, here, shelf):
        shelf.put("work", "accessToken")
        assert here("connect", "play", "--sandbox").code == 0
        assert here(*ME, "--sandbox", "--connection", "play").out == ADA
        assert here(*ME, "--connection", "play").code == 3

    def test_a_name_that_it_keeps_nothing_under_is_told(self, here, shelf):
        shelf.put("work", "accessToken")
        done = here(*ME, "--sandbox", "--connection", "work")
        assert done.code == 3
        assert "Unknown connection 'work'. Stored: none." in done.err
        assert "Run: connector connect work --sandbox" in done.err
        assert here(*ME, "--sandbox", "--connection", "serverToServer").out == ADA

    def test_a_call_file_of_a_real_connection_is_played_without_it(self, here, tmp_path):
        (tmp_path / "call.yaml").write_text("action: getUser\nconnection: work\ninputs: {userId: me}\n")
        assert here("run", "-f", "call.yaml", "--sandbox", "--query", "email").out == ADA

    def test_a_fault_that_it_does_not_know_is_all_that_is_said(self, here):
        done = here(*ME, "--sandbox", "--fault", "what")
        assert done.code == 2
        assert done.err.startswith("Unknown fault 'what'.")

    def test_a_token_that_the_service_ends_early_is_renewed(self, here, zoom, monkeypatch):
        from connector.cli.context.connection_context import ConnectionContext
        from connector.runtime.auth.connection_record import store_key

        assert here("connect", "play", "--sandbox").code == 0
        store, key = _sandbox_store(ConnectionContext, zoom), store_key(zoom, "play")
        data = store.read(key).data
        store.write(key, {**data, "grant": {**data["grant"], "obtained_at": time.time() - 600}})
        done = here(*ME, "--sandbox", "--connection", "play", "--fault", "expire-token")
        assert (done.code, done.out) == (0, ADA), done.err
        assert store.read(key).data["grant"]["access_token"] != data["grant"]["access_token"]


def _sandbox_store(desk, zoom):
    from connector.cli.context.settings import Settings

    return desk(zoom, Settings({}), sandbox=True).store
