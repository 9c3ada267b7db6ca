"""`connector mcp` says what is wrong before it serves."""

from __future__ import annotations

import socket

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sandbox", "--only", "meting"], "There is no group 'meting'. Did you mean 'meetings'? The groups are "),
        (["--sandbox", "--http=nowhere"], "'nowhere' is no address. Write HOST:PORT, such as 127.0.0.1:8090."),
        (["--sandbox", "--allow-host", "a.example"], "--allow-host needs --http."),
        (["--sandbox", "--store", "file:x"], "--sandbox and --store cannot be combined."),
        (["--sandbox", "--http=0.0.0.0:0"], "Add --allow-host with the name"),
        (["--sandbox", "extra"], "1 extra argument"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_fix(here, words, said):
    done = here("mcp", *words)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


def test_without_a_connection_the_owner_is_told_to_sign_in(here):
    done = here("mcp")
    assert done.code == 3
    assert "connect" in done.err
    assert done.out == "", "a client reads stdout"


def test_an_unknown_connection_is_told(here):
    for words in ([], ["--sandbox"]):
        done = here("mcp", *words, "--connection", "wrok")
        assert (done.code, done.out) == (3, "")
        assert "Unknown connection 'wrok'" in done.err


def test_a_token_that_is_easily_guessed_is_refused_and_not_shown(here):
    done = here("mcp", "--sandbox", "--http=127.0.0.1:0", CONNECTOR_MCP_TOKEN="short-secret")
    assert done.code == 2
    assert "CONNECTOR_MCP_TOKEN: got ***; expected at least 32 letters and digits" in done.err
    assert "short-secret" not in done.err


def test_a_port_in_use_is_told(here):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = here("mcp", "--sandbox", f"--http=127.0.0.1:{taken.getsockname()[1]}")
    assert done.code == 2
    assert "cannot listen on 127.0.0.1" in done.err


def test_without_the_package_the_extra_is_named(here, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    done = here("mcp", "--sandbox")
    assert done.code == 2
    assert "The package mcp is not installed." in done.err
