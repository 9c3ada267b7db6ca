"""No secret of a sign-in, a refresh or a call is in output, logs, records, arguments or an encrypted store."""

from __future__ import annotations

import time

import pytest
from support.sandboxes.sign_in_service import SECRET, Shelf, browser, kept

from connector.runtime.storage.encryption import generate_key

FORMS = ("text", "json")


@pytest.fixture
def key():
    return {"CONNECTOR_KEY": generate_key()}


@pytest.mark.parametrize("form", FORMS)
def test_signing_in_looking_and_removing_show_none(cli, world, key, surroundings, tmp_path, form):
    argv = tmp_path / "argv"
    browser(tmp_path, f"open({str(argv)!r}, 'w').write(' '.join(sys.argv)); go(url)")
    told = []
    for words in (
        ["connect", "work"],
        ["connections", "list"],
        ["connections", "show", "work"],
        ["connections", "test", "work"],
    ):
        written = "table" if (words[1], form) == ("list", "text") else form
        done = cli(*words, "--output", written, env={**world.app(), **key})
        assert done.code == 0, done.err
        told += [done.out, done.err]
    held = kept(surroundings)
    done = cli("connections", "remove", "work", "--output", form, env={**world.app(), **key})
    assert done.code == 0, done.err
    assert len(world.service.secrets) >= 5  # client secret, code, verifier, access and refresh token
    assert argv.read_text().startswith(str(tmp_path))
    assert world.tells(*told, done.out, done.err, argv.read_text(), held.decode("latin-1")) == []


def test_a_run_that_renews_its_token_shows_none_however_much_it_is_asked(
    cli, here, zoom, world, key, monkeypatch, tmp_path
):
    assert cli("connect", "work", env={**world.app(), **key}).code == 0
    monkeypatch.setenv("CONNECTOR_KEY", key["CONNECTOR_KEY"])
    before = len(world.service.secrets)
    Shelf(zoom).change("work", grant={"expires_at": time.time() - 60, "obtained_at": time.time() - 3660})
    words = ["run", "getUser", "--user-id", "me", "--connection", "work", "--debug", "--curl", "--har", "calls.har"]
    done = cli(*words, env={**world.places, **key})
    assert done.code == 0, done.err
    assert len(world.service.secrets) == before + 2  # new tokens were issued
    assert "$TOKEN" in done.err
    assert world.tells(done.out, done.err, (tmp_path / "calls.har").read_text()) == []


@pytest.mark.parametrize(("endpoint", "code"), [("ZOOM_TOKEN_URL", 1), ("ZOOM_REVOKE_URL", 1)], ids=["token", "revoke"])
def test_an_endpoint_that_does_not_answer_is_told_without_one(cli, world, surroundings, endpoint, code):
    env = world.app(**{endpoint: "http://127.0.0.1:1/nobody"})
    told = [cli("connect", "work", "--unencrypted", env=env), cli("connections", "remove", "work", env=env)]
    assert told[endpoint == "ZOOM_REVOKE_URL"].code == code
    assert world.tells(*(text for done in told for text in (done.out, done.err))) == []


@pytest.mark.parametrize(
    "url", ["https://evil.example/token", "http://zoom.us/oauth/token", "https://user:pw@zoom.us/token"]
)
def test_a_secret_goes_to_no_other_place(here, world, surroundings, url):
    done = here("connect", "--unencrypted", **{**world.app(ZOOM_ACCOUNT_ID="a"), "ZOOM_TOKEN_URL": url})
    assert done.code in (2, 3)
    assert SECRET not in done.out + done.err
    assert kept(surroundings).count(SECRET.encode()) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["connect", "--client-secret", SECRET],
        ["connect", f"--token={SECRET}"],
        ["connect", "-i", f"clientSecret={SECRET}"],
        ["connect", "work", SECRET],
        ["connections", "test", "work", SECRET],
        ["connections", "--key", SECRET],
        ["run", "getUser", "--connection", "x", "--access-token", SECRET],
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(here, words):
    done = here(*words)
    assert done.code == 2
    assert SECRET not in done.out + done.err
