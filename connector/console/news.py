"""News for a page that is open: the browser is told when it is to be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console.visit import EventStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.console.desk import Desk
    from connector.console.visit import Visit

_POLL_SECONDS = 1.0


def stream_news(desk: Desk, visit: Visit, read_state: Callable[[], str]) -> EventStream:
    """Tell each state that differs from the last one; the page says in `seen` which one it shows.

    In between an empty event each second lets the server notice that the browser has left.
    """

    def watch() -> Iterator[str]:
        seen = visit.asked("seen")
        while True:
            state = read_state()
            yield state if state != seen else ""
            seen = state
            if desk.wait_for_end(_POLL_SECONDS):
                return

    return EventStream(watch())
