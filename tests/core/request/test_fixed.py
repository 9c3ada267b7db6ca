"""Fixed values: equal by what they hold, changed by making another one."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

from connector.core.request.fixed import fixed


@fixed
class Lamp:
    """A value."""

    name: str
    colour: str = "white"
    notes: list[str] = field(default_factory=list, compare=False)


def test_values_are_equal_by_what_they_hold():
    assert Lamp("a") == Lamp("a", notes=["seen"])
    assert len({Lamp("a"), Lamp("a"), Lamp("b")}) == 2


def test_another_one_is_made_of_one():
    lamp = Lamp("a")
    assert replace(lamp, colour="red") == Lamp("a", "red")
    assert lamp == Lamp("a")


def test_a_value_has_the_attributes_of_its_class_alone_and_shows_none():
    lamp, name = Lamp("a secret"), "size"
    with pytest.raises(AttributeError):
        setattr(lamp, name, 3)
    assert "secret" not in repr(lamp)
