"""What comes while a page is open is seen there at once, by whoever has a keyboard and no mouse too."""

from __future__ import annotations

import contextlib
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.pages.browsing.consoles import make_desk, serve
from support.pages.browsing.keyboard import Keyboard

from connector.console.server import _MAX_CONNECTIONS
from connector.runtime.bulk.journal import Journal

CONNECTORS = Path(__file__).parents[1] / "connectors"


def test_an_event_of_the_sandbox_is_seen_as_it_comes_and_delivered_again(browser):
    page = browser()
    origin = page.url.rstrip("/")
    keys = Keyboard(page)
    keys.follow('nav a[href$="/events"]')
    other = page.context.new_page()
    other.goto(f"{origin}/actions/createMeeting")
    other.fill("#f-userId", "me")
    other.fill("#f-topic", "Live")
    other.click("button[formaction$='/run#result']")
    other.wait_for_selector("#result h2.done")
    page.wait_for_selector('#events a[href$="/events/1"]')
    assert "meeting.created" in page.inner_text("#events")
    keys.follow('#events a[href$="/events/1"]')
    assert "Live" in page.inner_text("pre")
    keys.follow("form[action$=again] button")
    assert "delivered again as soon as a receiver runs" in page.inner_text("main")


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_test_event_is_sent_and_a_refused_delivery_explained_by_keyboard(browser, script):
    page = browser(script=script)
    keys = Keyboard(page)
    keys.follow('nav a[href$="/events"]')
    keys.type("#event", "user.activated")
    keys.follow('form[action$="/events/send"] button')
    assert "user.activated was sent, and answered with 200" in page.inner_text("main")
    keys.follow('a[href$="/events/check"]')
    keys.type("#headers", "content-type: application/json")
    keys.type("#body", "{}")
    keys.press("main form button")
    page.wait_for_selector("#result .failed")
    assert "The headers are: content-type" in page.inner_text("#result")


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_records_are_synced_and_looked_at_by_keyboard(browser, script):
    page = browser(script=script)
    keys = Keyboard(page)
    keys.follow('nav a[href$="/records"]')
    keys.follow('form[action$="/records/sync"] button')
    assert "users: 1 record in 1 list." in page.inner_text("main")
    keys.follow('#copy a[href*="/records/users/record"]')
    assert "ada@example.com" in page.inner_text("pre")


def test_a_mistake_is_seen_as_its_file_is_saved(browser, tmp_path):
    folder = tmp_path / "lichess"
    shutil.copytree(CONNECTORS / "lichess", folder)
    page = browser(folder)
    Keyboard(page).follow('nav a[href$="/author"]')
    assert "No problems found." in page.inner_text("#lint")
    action = folder / "actions" / "export-game.yaml"
    action.write_text(action.read_text().replace("required: true", "requird: true"))
    page.wait_for_selector("#lint article")
    assert "requird" in page.inner_text("#lint article")


def test_a_page_that_is_left_open_says_that_its_console_has_ended(chromium):
    with contextlib.ExitStack() as running:
        address = running.enter_context(serve(make_desk()))
        page = chromium.new_page()
        page.goto(address)
        page.goto(f"{page.url}actions/getUser")
        assert not page.is_visible("#gone")
        page.fill("#f-userId", "me")
        running.close()
        page.press("#f-userId", "Enter")
        page.wait_for_selector("#gone:visible")
        assert "This console has ended" in page.inner_text("[role=alert]")
        page.close()


def test_a_console_with_too_many_connections_is_not_told_as_one_that_has_ended(chromium):
    with contextlib.ExitStack() as running, contextlib.ExitStack() as crowd:
        page = chromium.new_page()
        page.goto(running.enter_context(serve(make_desk())))
        address = urlsplit(page.url)
        page.goto(f"{page.url}actions/getUser")
        page.fill("#f-userId", "me")
        for _ in range(_MAX_CONNECTIONS):
            crowd.enter_context(socket.create_connection((address.hostname, address.port)))
        page.press("#f-userId", "Enter")
        page.wait_for_selector("#busy:visible")
        assert not page.is_visible("#gone")
        crowd.close()
        page.wait_for_selector("#busy", state="hidden")
        page.close()


def test_of_a_text_and_a_choice_the_last_one_counts(browser):
    page = browser()
    page.goto(f"{page.url}actions/createMeeting")
    page.fill("#f-userId", "a")
    page.click("button[value=userId]")
    page.wait_for_selector("#f-userId-pick")
    page.fill("#f-userId", "typed")
    chosen = page.locator("#f-userId-pick option").nth(1).get_attribute("value")
    for choose_last in (True, False):
        page.select_option("#f-userId-pick", chosen)
        if not choose_last:
            page.fill("#f-userId", "typed again")
        page.click("button[formaction$='dry-run#result']")
        expected = chosen if choose_last else "typed%20again"
        page.wait_for_function(
            "text => document.querySelector('#result').innerText.includes(text)", arg=f"/users/{expected}/"
        )


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_an_uncertain_row_is_settled_by_keyboard(browser, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header = {"connector": "zoom", "action": "createUser", "rows": "digest", "values": "digest"}
    with Journal(tmp_path / "people.csv.createUser.journal", header, lambda: 2) as journal:
        journal.record_start(1, 2, None, may_resend=False)
    page = browser(script=script)
    keys = Keyboard(page)
    keys.follow('nav a[href$="/bulk"]')
    keys.follow('#runs a[href$="/bulk/file/people.csv.createUser"]')
    keys.choose("#resolve-1", "Send it again")
    keys.press("[name=confirmed]", "Space")
    keys.follow("form[action$=settle] button")
    assert "0 rows settled as done, 1 to be sent again." in page.inner_text("main")
    assert journal.path.read_text().endswith('{"undo":1}\n')
