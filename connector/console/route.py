"""The address of a page, and the function that answers there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.console.desk import Desk
    from connector.console.visit import Answer, Visit


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A page's address. `changes` says that it changes something that lasts; a console that only reads refuses it."""

    method: Literal["GET", "POST"]
    path: str
    handle: Callable[[Desk, Visit], Answer]
    changes: bool = False
