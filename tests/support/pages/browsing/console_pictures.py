"""The pictures of docs/console.md, and the words that a person reads in each."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from support.pages.browsing.consoles import make_desk, serve
from support.pages.markdown_blocks import ROOT
from support.pages.terminal_pictures import VARIES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs" / "pictures" / "console"
WORDS = FOLDER / "words.json"
_CONNECTORS = ROOT / "tests" / "connectors"
_SIZE = {"width": 1100, "height": 720}
# Ages, durations, times, and where the data is.
_VARIES = re.compile(r"just now|\b\d+ (?:seconds?|minutes?) ago|\b\d+ m?s\b|\d{4}-\d\d-\d\d[T ][\d:]+|sqlite:\S+")

Words = dict[str, list[str]]


class Album:
    """Keeps the words of pages, and where there is a folder pictures too."""

    def __init__(self, page: Page, folder: Path | None) -> None:
        self.page, self.words = page, Words()
        self._folder = folder

    def keep(self, name: str) -> None:
        """Keep a picture of what the page shows now."""
        if self._folder is not None:
            self.page.screenshot(path=self._folder / f"{name}.png")
        lines = self.page.inner_text("body").splitlines()
        self.words[name] = [
            _VARIES.sub("...", VARIES.sub("...", " ".join(line.split()))) for line in lines if line.strip()
        ]


def make_pictures(browser: Browser, folder: Path | None) -> Words:
    """Return the words of the pictures, made in a folder if any; the current one gets a connector with a mistake."""
    page = browser.new_context(viewport=_SIZE, reduced_motion="reduce").new_page()  # type: ignore[arg-type]
    album = Album(page, folder)
    with serve(make_desk()) as address:
        _walk(album, address)
    shutil.copytree(_CONNECTORS / "lichess", "lichess")
    action = Path("lichess", "actions", "export-game.yaml")
    action.write_text(action.read_text("utf-8").replace("required: true", "requird: true"), "utf-8")
    with serve(make_desk("lichess")) as address:
        page.goto(address)
        page.goto(f"{page.url.rstrip('/')}/author")
        album.keep("author")
    page.context.close()
    return album.words


def _walk(album: Album, address: str) -> None:
    """Walk through a console."""
    page = album.page
    page.goto(address)
    origin = page.url.rstrip("/")
    page.goto(f"{origin}/connections/new?kind=serverToServer")
    page.fill("#name", "work")
    page.click("main form button")
    page.wait_for_selector("p.told")
    page.goto(f"{origin}/actions/createMeeting")
    page.fill("#f-userId", "me")
    page.click("button[value=userId]")
    page.wait_for_selector("#f-userId-pick")
    page.fill("#f-topic", "Standup")
    page.select_option("#connection", "work")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    album.keep("form")
    page.click("button[formaction$='dry-run#result']")
    page.wait_for_selector("#result h2")
    page.evaluate("document.querySelector('#result').scrollIntoView()")
    album.keep("dry-run")
    page.click("button[formaction$='run#result']:not([formaction*=dry])")
    page.wait_for_selector("#result h2.done")
    page.goto(f"{origin}/actions/getMeeting")
    page.fill("#f-meetingId", "1")
    page.click("button[formaction$='run#result']:not([formaction*=dry])")
    page.wait_for_selector("#result .told")
    page.goto(f"{origin}/runs")
    album.keep("runs")
    page.goto(f"{origin}/records")
    page.click("form[action$=sync] button")
    page.evaluate("window.scrollTo(0, 0)")
    album.keep("records")
    page.goto(f"{origin}/events")
    page.fill("#event", "user.activated")
    page.click("form[action$=send] button")
    page.wait_for_selector("#event-2")
    album.keep("events")
    page.goto(f"{origin}/")
    album.keep("start")
