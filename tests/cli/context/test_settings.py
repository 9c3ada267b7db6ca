"""Settings: flag, environment, file of the environment, config file, default; and `config` shows the source."""

from __future__ import annotations

import pytest

CANARY = "canary-token-0123456789"


@pytest.fixture
def config(surroundings):
    """Write the config file."""
    from pathlib import Path

    folder = Path(surroundings["XDG_CONFIG_HOME"]) / "connector"

    def write(text: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def shown(done):
    """Return the settings of `config --output json`, by name."""
    assert done.code == 0, done.err
    return {one["name"]: (one["value"], one["source"]) for one in done.data["settings"]}


def test_without_any_setting_everything_is_default(here):
    rows = shown(here("config", "--output", "json"))
    assert rows["output"] == ("json", "default")
    assert rows["base_url"] == ("https://api.zoom.us/v2", "default")
    assert rows["connection"] == (None, "default")
    assert rows["timeout"] == (None, "default")
    assert rows["http_library"] == ("httpx", "default")
    assert rows["connector"][1] == "default"
    assert rows["ZOOM_ACCESS_TOKEN"] == (None, "not set")


def test_the_environment_wins_over_its_file_and_that_over_the_config_file(here, config, tmp_path):
    path = config("base_url: https://config.example\n")
    assert shown(here("config", "--output", "json"))["base_url"] == ("https://config.example", f"config file {path}")
    (tmp_path / "url").write_text("https://file.example\n")
    rows = shown(here("config", "--output", "json", ZOOM_BASE_URL_FILE=str(tmp_path / "url"), ZOOM_BASE_URL=""))
    assert rows["base_url"] == ("https://file.example", f"file {tmp_path / 'url'}, named by ZOOM_BASE_URL_FILE")
    rows = shown(here("config", "--output", "json", ZOOM_BASE_URL="https://environment.example"))
    assert rows["base_url"] == ("https://environment.example", "environment ZOOM_BASE_URL")


def test_a_flag_wins_over_all(here, config, server):
    config("base_url: http://127.0.0.1:1\ntimeout: 5s\nconnection: oauth2\noutput: yaml\n")
    done = here("run", "getUser", "--user-id", "me", "--base-url", server.url, "--connection", "accessToken",
                "--output", "lines", ZOOM_BASE_URL="http://127.0.0.1:2", ZOOM_ACCESS_TOKEN="t-1",
                CONNECTOR_OUTPUT="table")  # fmt: skip
    assert done.code == 0, done.err
    assert server.count == 1
    assert done.out.startswith('{"data": {}')


def test_the_config_file_is_in_force(here, config, server):
    config(f"base_url: {server.url}\nconnection: accessToken\noutput: yaml\ntimeout: 20\n")
    done = here("run", "getUser", "--user-id", "me", ZOOM_ACCESS_TOKEN="t-1")
    assert done.code == 0, done.err
    assert done.out.startswith("data: {}\nstatus: 200\n")


def test_a_timeout_of_the_environment_is_weaker_than_the_call_files(here, server, tmp_path):
    from support import servers

    server.always(servers.reply(429, {}, headers=[("Retry-After", "2")]))
    (tmp_path / "call.yaml").write_text("action: getUser\ninputs: {userId: me}\ntimeout: 300ms\n")
    done = here("run", "-f", "call.yaml", "--base-url", server.url, ZOOM_ACCESS_TOKEN="t-1", CONNECTOR_TIMEOUT="60s")
    assert done.code == 4
    assert server.count == 1


def test_a_connector_is_set_by_flag_environment_or_file(here, config, folder, tmp_path):
    folder()
    assert here("list", "--connector", str(tmp_path), "--output", "json").data["connector"] == "lamp"
    assert here("--connector", str(tmp_path), "list", "--output", "json").data["connector"] == "lamp"
    assert here("--connector", "/nowhere", "list", f"--connector={tmp_path}", "--output", "json").code == 0
    config(f"connector: {tmp_path}\n")
    assert here("list", "--output", "json").data["connector"] == "lamp"
    assert here("list", "--output", "json", CONNECTOR_PATH="/nowhere").code == 2


def test_a_folder_in_the_config_file_is_below_it(here, config, folder, tmp_path):
    folder()
    config("connector: ../..\n")
    assert here("list", "--output", "json").data["connector"] == "lamp"


def test_names_are_built_from_the_manifest(here, folder, tmp_path):
    folder()
    rows = shown(here("--connector", str(tmp_path), "config", "--output", "json", LAMP_API_KEY=CANARY))
    assert rows["LAMP_API_KEY"] == ("***", "environment LAMP_API_KEY")


@pytest.mark.parametrize("form", ["text", "json"])
def test_config_shows_no_secret(here, tmp_path, form):
    (tmp_path / "secret").write_text(CANARY)
    done = here("config", "--output", form, ZOOM_ACCESS_TOKEN=CANARY, ZOOM_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
                ZOOM_CLIENT_ID="client-7", ZOOM_BASE_URL=f"https://user:{CANARY}@example.com/v2")  # fmt: skip
    assert done.code == 0
    assert CANARY not in done.out + done.err
    assert "client-7" in done.out
    assert "ZOOM_CLIENT_SECRET_FILE" in done.out


def test_config_shows_where_connections_are_kept_and_no_password(here, config, tmp_path, surroundings):
    assert shown(here("config", "--output", "json"))["store"] == (
        f"file:{surroundings['XDG_DATA_HOME']}/connector/store", "default",
    )  # fmt: skip
    path = config("store: sqlite:////srv/kept.db\n")
    assert shown(here("config", "--output", "json"))["store"] == ("sqlite:////srv/kept.db", f"config file {path}")
    (tmp_path / "url").write_text(f"postgresql://me:{CANARY}@db.example/tokens\n")
    done = here("config", "--output", "json", CONNECTOR_STORE_FILE=str(tmp_path / "url"), CONNECTOR_KEY=CANARY)
    rows = shown(done)
    place = f"file {tmp_path / 'url'}, named by CONNECTOR_STORE_FILE"
    assert rows["store"] == ("postgresql://***@db.example/tokens", place)
    assert rows["CONNECTOR_KEY"] == ("***", "environment CONNECTOR_KEY")
    rows = shown(here("config", "--output", "json", CONNECTOR_STORE=f"postgresql://db.example/t?password={CANARY}"))
    assert rows["store"][1] == "environment CONNECTOR_STORE"
    assert CANARY not in done.out + done.err + rows["store"][0]


@pytest.mark.parametrize("form", ["text", "json"])
def test_config_shows_a_plan_a_budget_and_a_library_that_cannot_be_and_says_so(here, form):
    wrong = {"ZOOM_PLAN": "por", "CONNECTOR_HTTP_LIBRARY": "curl"}
    done = here("config", "--output", form, **wrong)
    assert done.code == 2
    assert "por" in done.out
    assert "zoom has no plan 'por'" in done.err
    assert "Unknown HTTP library 'curl'" in done.err
    done = here(
        "config", "--output", form, ZOOM_PLAN="pro", ZOOM_BUDGET="mysql://u:hunter2@h/x", CONNECTOR_HTTP_LIBRARY="httpx"
    )
    assert (done.code, "hunter2" in done.out + done.err) == (2, False)
    assert "ZOOM_BUDGET: The URL does not name a supported database" in done.err
    assert here("config", "--output", form, ZOOM_BUDGET="memory:").code == 0


def test_config_names_its_file(here, surroundings):
    assert f"{surroundings['XDG_CONFIG_HOME']}/connector/config.yaml" in here("config").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outptu: json\n", "config.yaml:1:1: unknown-word: Unknown setting 'outptu'. Did you mean 'output'?"),
        ("output: json\ntimeout: soon\n", "config.yaml:2:10: config: timeout: got"),
        (
            "output: xml\n",
            "config.yaml:1:9: config: output: got 'xml'; expected one of json, yaml, table, lines, text, csv",
        ),
        ("connection: 5\n", "config.yaml:1:13: config: connection"),
        ("- output\n", "config.yaml:1:1: config: expected a mapping"),
        ("output: json\noutput: yaml\n", "config.yaml:2:1: key-twice"),
        ("output: [\n", "config.yaml:"),
    ],
)
def test_a_config_file_is_read_strictly(here, config, text, said):
    config(text)
    for words in (["config"], ["run", "listUsers", "--dry-run"]):
        done = here(*words)
        assert done.code == 2
        assert said in done.err


def test_every_mistake_of_the_config_file_is_told_at_once(here, config):
    config("outptu: json\ntimeout: soon\nconnection: ''\n")
    assert len(here("config").err.splitlines()) == 3


def test_an_empty_config_file_says_nothing(here, config):
    config("# nothing yet\n")
    assert here("config").code == 0


def test_a_config_file_that_cannot_be_read_is_named(here, config):
    path = config("")
    path.unlink()
    path.mkdir()
    done = here("config")
    assert done.code == 2
    assert f"{path}:1:1: file: Is a directory" in done.err


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (
            {"CONNECTOR_OUTPUT": "xml"},
            "CONNECTOR_OUTPUT: got 'xml'; expected one of json, yaml, table, lines, text, csv",
        ),
        ({"CONNECTOR_TIMEOUT": "soon"}, "CONNECTOR_TIMEOUT"),
        ({"CONNECTOR_OUTPUT_FILE": "/nowhere"}, "CONNECTOR_OUTPUT_FILE: got /nowhere; expected a readable file"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(here, env, said):
    done = here("run", "listUsers", "--dry-run", **env)
    assert done.code == 2
    assert said in done.err


def test_a_base_url_must_not_carry_a_token_in_clear(here):
    done = here("run", "listUsers", "--base-url", "http://example.com", ZOOM_ACCESS_TOKEN=CANARY)
    assert done.code == 2
    assert "https" in done.err
    assert CANARY not in done.err
