"""Fixtures of the console: a visitor in this process, and a real browser without a window."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import pytest
from support.pages.browsing.consoles import Visitor, make_desk, serve

from connector.console.pages import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's folders are the test's own."""
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture(autouse=True)
def _patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for the end of its sync, however slow the machine is."""
    monkeypatch.setattr(records, "_MAX_WAIT_SECONDS", 120.0)


@pytest.fixture
def visit(_own_folders: None) -> Iterator[Callable[..., Visitor]]:
    """Open a console in this process, of the bundled connector's sandbox unless told otherwise."""
    visitors: list[Visitor] = []

    def open_console(folder: str | Path | None = None, *, sandbox: bool = True, read_only: bool = False) -> Visitor:
        visitors.append(Visitor(make_desk(folder, sandbox=sandbox, read_only=read_only)))
        return visitors[-1]

    yield open_console
    for one in visitors:
        one.close()


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """A visitor of the bundled connector's sandbox."""
    return visit()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser; skipped where there is none.

    Its tools run an event loop in this thread, so it ends with its file of tests.
    """
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        pytest.skip(f"no browser here: none of {', '.join(CHROMIUMS)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _is_complaint(message: ConsoleMessage) -> bool:
    """Whether a message is an error, and not that a page said what is wrong with a form."""
    return message.type == "error" and "responded with a status of 4" not in message.text


@pytest.fixture
def browser(chromium: Browser, _own_folders: None) -> Iterator[Callable[..., Page]]:
    """Open the console of a sandbox in a real browser; a complaint in its console fails the test."""
    complaints: list[str] = []
    with contextlib.ExitStack() as stack:

        def open_page(folder: str | Path | None = None, *, scheme: str = "light", script: bool = True) -> Page:
            address = stack.enter_context(serve(make_desk(folder)))
            context = chromium.new_context(color_scheme=scheme, java_script_enabled=script, reduced_motion="reduce")
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.on("console", lambda one: complaints.append(one.text) if _is_complaint(one) else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(address)
            return page

        yield open_page
    assert complaints == [], "the browser complains"
