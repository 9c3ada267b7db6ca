"""Make the pictures of docs/console.md anew: `PYTHONPATH=.:tests python tests/docs/refresh_console_pictures.py`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from support.pages.browsing.consoles import make_desk, serve

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "console"
CONNECTORS = Path(__file__).resolve().parents[1] / "connectors"
SIZE = {"width": 1100, "height": 720}


def take_pictures(page: Page, address: str, folder: Path) -> None:
    """Walk through a console, and keep a picture of each page."""
    page.goto(address)
    origin = page.url.rstrip("/")
    page.goto(f"{origin}/connections/new?kind=serverToServer")
    page.fill("#name", "work")
    page.click("main form button")
    page.screenshot(path=folder / "connection.png")
    page.goto(f"{origin}/actions/createMeeting")
    page.fill("#f-userId", "me")
    page.click("button[value=userId]")
    page.wait_for_selector("#f-userId-pick")
    page.fill("#f-topic", "Standup")
    page.select_option("#connection", "work")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.screenshot(path=folder / "form.png")
    page.click("button[formaction$='dry-run#result']")
    page.wait_for_selector("#result h2")
    page.evaluate("document.querySelector('#result').scrollIntoView()")
    page.screenshot(path=folder / "dry-run.png")
    page.click("button[formaction$='run#result']:not([formaction*=dry])")
    page.wait_for_selector("#result h2.done")
    page.goto(f"{origin}/actions/getMeeting")
    page.fill("#f-meetingId", "1")
    page.click("button[formaction$='run#result']:not([formaction*=dry])")
    page.wait_for_selector("#result .told")
    page.goto(f"{origin}/runs")
    page.screenshot(path=folder / "runs.png")
    page.goto(f"{origin}/records")
    page.click("form[action$=sync] button")
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=folder / "records.png")
    page.goto(f"{origin}/events")
    page.fill("#event", "user.activated")
    page.click("form[action$=send] button")
    page.wait_for_selector("#event-2")
    page.screenshot(path=folder / "events.png")
    page.goto(origin)
    page.screenshot(path=folder / "start.png")


def main() -> None:
    """Make the pictures in a home of their own."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("no Chromium here")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as tools:
        os.environ |= {f"XDG_{name}_HOME": home for name in ("CONFIG", "STATE", "DATA", "CACHE")}
        browser = tools.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport=SIZE, reduced_motion="reduce").new_page()  # type: ignore[arg-type]
        with serve(make_desk()) as address:
            take_pictures(page, address, FOLDER)
        os.chdir(home)  # so that the picture has no folder of this machine
        shutil.copytree(CONNECTORS / "lichess", "lichess")
        action = Path("lichess", "actions", "export-game.yaml")
        action.write_text(action.read_text("utf-8").replace("required: true", "requird: true"), "utf-8")
        with serve(make_desk("lichess")) as address:
            page.goto(address)
            page.goto(f"{page.url.rstrip('/')}/author")
            page.screenshot(path=FOLDER / "author.png")
        os.chdir(FOLDER)
        browser.close()


if __name__ == "__main__":
    main()
