"""What comes while a page is open is seen there at once, by whoever has a keyboard and no mouse too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.pages.browsing.keyboard import Keyboard

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
