"""The page of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console.route import PageRoute
from connector.console.visit import Screen

if TYPE_CHECKING:
    from connector.console.desk import Desk
    from connector.console.visit import Visit


def show_list(desk: Desk, _: Visit) -> Screen:
    """List them."""
    return Screen("actions", "Actions", {"name": desk.connector.manifest.label})


ROUTES = (PageRoute("GET", "/actions", show_list),)
