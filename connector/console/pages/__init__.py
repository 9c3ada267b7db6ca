"""The pages, in the order of the navigation: a module each, with templates of its own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.console.route import PageRoute


@dataclass(frozen=True, slots=True)
class PageEntry:
    """An entry of the navigation: the module with ROUTES, its title and its first address."""

    module: str
    title: str
    path: str


PAGES = (
    PageEntry("start", "Start", "/"),
    PageEntry("connections", "Connections", "/connections"),
    PageEntry("actions", "Actions", "/actions"),
    PageEntry("runs", "Runs", "/runs"),
    PageEntry("events", "Events", "/events"),
    PageEntry("records", "Records", "/records"),
    PageEntry("rates", "Rates", "/rates"),
    PageEntry("bulk", "Bulk", "/bulk"),
    PageEntry("author", "Author", "/author"),
)


def list_routes() -> list[PageRoute]:
    """Return the routes of all pages."""
    return [route for entry in PAGES for route in import_module(f"{__name__}.{entry.module}").ROUTES]


def find_entry(path: str) -> PageEntry:
    """Return the entry that an address belongs to."""
    fits = [entry for entry in PAGES if path == entry.path or path.startswith(f"{entry.path.rstrip('/')}/")]
    return max(fits, key=lambda entry: len(entry.path))
