"""The web application of the examples signs people of several tenants in, each to an account of their own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from support.processes.files import read_files

SECRET = "canary-of-a-client-secret-77"


@pytest.fixture
def start(serve_example):
    """Start the script in a process of its own; return its address."""
    return lambda **settings: serve_example("python/web_sign_in.py", **settings)


def test_it_runs_without_credentials(open_browser, start):
    origin, browser = start(), open_browser()
    assert browser.open(f"{origin}/acme/connect") == (200, "acme is connected as ada@example.com.\n")
    assert browser.open(f"{origin}/globex/me")[0] == 403
    assert browser.open(f"{origin}/globex/connect") == (200, "globex is connected as ada@example.com.\n")


def test_any_process_with_the_store_finishes_what_another_began(open_browser, start, shared, tmp_path):
    first, second = start(**shared), start(**shared)
    browser = open_browser()
    back = browser.sent_back(f"{first}/acme/connect")
    assert browser.open(back.replace(first, second)) == (200, "acme is connected as ada@example.com.\n")
    assert browser.open(f"{first}/acme/me") == (200, "acme is connected as ada@example.com.\n")
    kept = read_files(tmp_path / "store")
    assert b"sealed" in kept
    assert SECRET.encode() not in kept


def test_a_sign_in_is_finished_once_and_in_the_browser_that_began_it(open_browser, start, shared):
    origin, browser = start(**shared), open_browser()
    back = browser.sent_back(f"{origin}/acme/connect")
    assert open_browser().open(back) == (403, "This sign-in began in another browser.\n")
    assert browser.open(f"{origin}/acme/me")[0] == 403
    assert browser.open(back)[0] == 200
    status, said = browser.open(back)
    assert (status, "already used" in said) == (403, True)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert code not in said


def test_a_refused_consent_connects_nobody(open_browser, start, shared):
    origin, browser = start(**shared), open_browser()
    back = browser.sent_back(f"{origin}/acme/connect")
    state = parse_qs(urlsplit(back).query)["state"][0]
    status, said = browser.open(f"{origin}/callback?error=access_denied&state={state}")
    assert (status, "consent was not given" in said) == (403, True)
    assert browser.open(f"{origin}/acme/me")[0] == 403
