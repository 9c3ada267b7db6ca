"""The first page: what is connected, and what failed lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console.route import PageRoute
from connector.console.visit import Screen

if TYPE_CHECKING:
    from connector.console.desk import Desk
    from connector.console.visit import Visit


def show_start(desk: Desk, _: Visit) -> Screen:
    """Show what is connected, and what failed lately."""
    return Screen("start", "Start", {"label": desk.connector.manifest.label})


ROUTES = (PageRoute("GET", "/", show_start),)
