"""A person does in a real browser, by keyboard alone, what the console is for; and the same without JavaScript."""

from __future__ import annotations

import pytest
from support.pages.browsing.keyboard import Keyboard


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_from_connecting_to_running_again_by_keyboard_alone(browser, script):
    page = browser(script=script)
    keys = Keyboard(page)
    keys.follow('nav a[href$="/connections"]')
    keys.follow('a[href$="/connections/new?kind=serverToServer"]')
    keys.reach("#name")
    page.keyboard.press("Control+A")
    page.keyboard.type("work")
    keys.follow("main form button")
    assert "work is connected" in page.inner_text("main")

    keys.follow('nav a[href$="/actions"]')
    keys.type("#q", "create meeting")
    keys.press('a[href$="/actions/createMeeting"]') if script else keys.follow("main form button")
    if not script:
        keys.follow('a[href$="/actions/createMeeting"]')
    page.wait_for_selector("#f-userId")

    keys.press('button[value="userId"]')
    page.wait_for_selector("#f-userId-pick")
    assert page.locator("#f-userId-pick option").count() > 1
    page.wait_for_selector("#f-userId-pick:focus")
    page.keyboard.press("ArrowDown")
    keys.type("#f-topic", "By keyboard")
    keys.choose("#f-meetingType", "Scheduled")
    keys.press("main form > details > summary")
    keys.type("#f-duration", "45")
    keys.choose("#connection", "work")

    keys.press('button[formaction$="/dry-run#result"]')
    page.wait_for_selector("#result h2")
    told = page.inner_text("#result")
    assert "curl -X POST" in told
    assert all(one in told for one in ("By keyboard", '"duration": 45', '"type": 2'))
    keys.press('button[formaction$="/run#result"]')
    page.wait_for_selector("#result h2.done")
    assert "By keyboard" in page.inner_text("#result")

    keys.follow('#result a[href*="/runs/"]')
    assert "createMeeting" in page.inner_text("h1")
    keys.follow("main form button")
    page.wait_for_selector("#result h2.done")
    keys.follow('nav a[href$="/runs"]')
    assert page.inner_text("#runs").count("createMeeting") >= 2


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_the_enter_key_runs_what_only_reads_and_shows_what_a_write_would_send(browser, script):
    page = browser(script=script)
    origin = page.url.rstrip("/")
    page.goto(f"{origin}/actions/createMeeting")
    page.fill("#f-userId", "me")
    page.press("#f-userId", "Enter")
    page.wait_for_selector("#result h2")
    assert "Dry run: nothing was sent" in page.inner_text("#result")
    page.goto(f"{origin}/actions/getUser")
    page.fill("#f-userId", "me")
    page.press("#f-userId", "Enter")
    page.wait_for_selector("#result h2.done")
    page.goto(f"{origin}/runs")
    assert "getUser" in page.inner_text("#runs")
    assert "createMeeting" not in page.inner_text("#runs")


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_double_click_creates_one_record(browser, script):
    page = browser(script=script)
    origin = page.url.rstrip("/")
    page.goto(f"{origin}/actions/createMeeting")
    page.fill("#f-userId", "me")
    page.fill("#f-topic", "Once")
    page.dblclick("button[formaction$='/run#result']", delay=100)
    page.wait_for_selector("#result h2.done")
    page.goto(f"{origin}/actions/listMeetings")
    page.fill("#f-userId", "me")
    page.press("#f-userId", "Enter")
    page.wait_for_selector("#result h2.done")
    assert page.inner_text("#result table").count("Once") == 1


def test_an_error_is_told_where_a_part_of_the_page_was_asked_for(browser):
    page = browser()
    page.goto(f"{page.url.rstrip('/')}/actions/getUser")
    page.fill("#f-userId", "me")
    page.evaluate("document.querySelector('[name=console]').value = 'another'")
    page.press("#f-userId", "Enter")
    page.wait_for_selector("main [role=alert]")
    assert "This page is of a console that has ended. Nothing was done: load it again." in page.inner_text("main")
