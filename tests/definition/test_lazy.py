"""An attribute is computed once, and no fork can find its lock held."""

from __future__ import annotations

import threading

from connector.definition.lazy import cached_property


class Slow:
    """Computes its value while the test lets it."""

    def __init__(self) -> None:
        self.began, self.go_on, self.times = threading.Event(), threading.Event(), 0

    @cached_property
    def value(self) -> int:
        """The value."""
        self.times += 1
        self.began.set()
        self.go_on.wait(10)
        return 7


def test_a_value_is_computed_once():
    slow = Slow()
    slow.go_on.set()
    assert (slow.value, slow.value, slow.times) == (7, 7, 1)
    assert isinstance(Slow.value, cached_property)


def test_one_object_does_not_wait_for_another():
    first, second = Slow(), Slow()
    thread = threading.Thread(target=lambda: first.value)
    thread.start()
    first.began.wait(10)
    second.go_on.set()
    assert second.value == 7  # with a lock it would wait for the first for good
    first.go_on.set()
    thread.join()
