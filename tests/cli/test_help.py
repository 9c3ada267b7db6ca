"""The help page starts fast, and lists every command, flag and choice."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connector import __version__
from connector.cli.registry import COMMANDS


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_the_help_page_lists_every_command(here, words):
    done = here(*words)
    assert done.code == 0
    assert done.err == ""
    text = " ".join(done.out.split())
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in done.out
        assert f"{name} {line}" in text


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_and_version_load_neither_click_nor_the_models(words, surroundings):
    program = (
        "import sys; from connector.cli.main import run; code = run(sys.argv[1:]);"
        "heavy = {'click', 'rich', 'pydantic', 'httpx', 'yaml', 'inspect'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_a_commands_own_help_loads_no_models(surroundings):
    program = (
        "import sys; from connector.cli.main import run; code = run(['list', '--help']);"
        "heavy = {'rich', 'pydantic', 'httpx', 'yaml'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_a_dry_run_loads_nothing_of_what_it_does_not_do(surroundings):
    words = ["run", "createMeeting", "--user-id", "me", "--topic", "Standup", "--dry-run"]
    program = (
        f"import sys; from connector.cli.main import run; code = run({words});"
        "heavy = {'asyncio', 'sqlite3', 'httpx', 'filelock', 'connector.runtime.bulk.row_reader'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["list"], {"pydantic_core", "pydantic", "yaml", "asyncio", "sqlite3", "httpx", "jsonschema"}),
        (["show", "createMeeting"], {"pydantic", "yaml", "asyncio", "sqlite3", "httpx", "jsonschema"}),
        (["run", "createMeeting", "--user-id", "me", "--topic", "S", "--dry-run"], {"pydantic", "yaml", "jsonschema"}),
        (
            ["run", "createMeeting", "--user-id", "me", "--topic", "S", "--sandbox"],
            {"pydantic", "yaml", "asyncio", "jsonschema", "httpx"},
        ),
    ],
)
def test_what_was_validated_before_is_neither_parsed_nor_validated_again(words, heavy, surroundings):
    program = (
        f"import sys; from connector.cli.main import run; code = run({words}); loaded = {heavy} & set(sys.modules);"
        "sys.exit(f'loaded {loaded}' if loaded and sys.argv[1:] else code)"
    )
    for last in ([], ["second"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *last], env=surroundings, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


def test_the_version_is_printed_before_and_after_options(here):
    for words in (["--version"], ["--quiet", "--version"]):
        assert here(*words).out == f"connector {__version__}\n"


def test_the_help_page_is_the_same_after_an_option(here):
    assert here("--quiet", "--help").out == here("--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_page(here, name):
    done = here(name, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: connector {name}")
    assert "--connector PATH" in done.out
    assert "--quiet" in done.out


def test_an_actions_help_lists_its_inputs_as_flags(here):
    out = here("run", "createMeeting", "--help").out
    assert "Create Meeting" in out
    assert "--user-id STRING" in out
    assert "--host-video [true|false]" in out
    assert "8 (" in out  # choices of an integer have labels


def test_an_inputs_flag_gives_way_to_a_run_options_name(here):
    out = here("run", "rawRequest", "--help").out
    assert "--input-timeout INTEGER" in out
    assert "--timeout TIME" in out


def test_a_password_has_no_flag_and_help_says_how_to_give_it(here):
    out = here("run", "createUser", "--help").out
    assert "--password" not in out
    assert "-i password=?" in out
    assert "password=@FILE" in out
    assert "password=env:NAME" in out


def test_request_has_a_second_name(here):
    assert here("raw", "--help").out == here("request", "--help").out


def test_both_spellings_of_the_entry_are_one(cli):
    assert cli("--help").out == cli("-h").out


@pytest.mark.parametrize(
    ("words", "limited"), [(["download"], "files of ACTION"), (["run", "listUsers"], "items of a listing")]
)
def test_a_limit_says_what_it_limits(here, words, limited):
    text = " ".join(here(*words, "--help").out.split())
    assert f"--limit N {'Download' if words == ['download'] else 'Return'} at most N {limited}." in text
