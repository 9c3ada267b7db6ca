"""A person who has a keyboard and no mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_MOST = 250  # presses of Tab until something is out of reach


class Keyboard:
    """Reaches what is on a page with Tab, and uses it with keys alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, selector: str) -> None:
        """Press Tab until something that fits has the focus."""
        for _ in range(_MOST):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached by Tab")

    def press(self, selector: str, key: str = "Enter") -> None:
        """Reach something, and press a key on it."""
        self.reach(selector)
        self.page.keyboard.press(key)

    def follow(self, selector: str) -> None:
        """Follow a link, or send a form that leads to another page."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, selector: str, text: str) -> None:
        """Reach a field, and type a text into it."""
        self.reach(selector)
        self.page.keyboard.type(text)

    def choose(self, selector: str, label: str) -> None:
        """Reach a select, and choose by typing the beginning of a label."""
        self.reach(selector)
        self.page.keyboard.type(label)
