"""What the modules of `connector stubs` need: a mark for what is not given, and the settings of a call."""

from __future__ import annotations

import keyword
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unset(Enum):
    """The type of UNSET."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Stands for an input that is not given; None is sent as null."""


class ListingSettings(TypedDict, total=False):
    """The settings of a listing, as `Client.items` takes them."""

    timeout: float | str | None
    retry: str | Mapping[str, Any] | None
    debug: bool
    limit: int | None
    account: str | None
    connection: str | None
    page_size: int | None


class CallSettings(ListingSettings, total=False):
    """The settings of one call, as `Client.run` takes them."""

    idempotency_key: str | None
    no_wait: bool


_OWN_NAMES = ("self", "options")


def select_given(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that a typed method was given, of its local names."""
    given = {name: value for name, value in names.items() if name not in _OWN_NAMES and value is not UNSET}
    return {_to_key(name): value for name, value in given.items()}


def _to_key(name: str) -> str:
    plain = name.removesuffix("_")
    return plain if keyword.iskeyword(plain) or plain in _OWN_NAMES else name
