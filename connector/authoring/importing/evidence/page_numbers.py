"""What parameters say of the first page, of what their numbers count, and of the largest page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from connector.authoring.importing.evidence.paging_facts import PagingParameter

_FROM_ZERO = prepare_pattern(
    r"\b(?:zero|0)[- ](?:based|indexed|relative)|(?:starts?|begins?) (?:at|from|with) 0\b"
    r"|\bdefaults?(?: value)?(?: is| to)?\s*[=:]?\s*[`'\"]?0(?!\.?\d)",
    re.IGNORECASE,
)


_LARGEST_SIZE = 100_000
_SIZE_IN_TEXT = prepare_pattern(
    r"(?:\bmax(?:imum)?\b[^.]{0,40}?|\bup to\b|\bbetween \d+ (?:and|to)\b|\b\d+ to\b|\b1 ?[-\u2013] ?"
    r"|\bcannot exceed\b|\b(?:no|not) (?:more|greater|larger) than\b|\bat most\b)\D{0,20}?(\d[\d,]{1,6})\b",
    re.IGNORECASE,
)


class FirstPage(NamedTuple):
    """The number of the first page, None where nothing says it, and whether entries are counted rather than pages."""

    number: int | None
    counts_entries: bool = False


def read_first_page(parameter: PagingParameter) -> FirstPage:
    """Return what a parameter says of the first page: by examples in its words, its default, its words, its minimum.

    `page=0` and then `page=20` are entries, and `page=1` and then `page=2` pages, whatever the words around them say.
    """
    numbers = re.findall(rf"\b{re.escape(parameter.name)}\s?=\s?(\d+)\b", parameter.description)
    shown = sorted(map(int, dict.fromkeys(numbers)))
    if shown and shown[0] in (0, 1):
        return FirstPage(shown[0], counts_entries=len(shown) > 1 and shown[1] - shown[0] > 1)
    default, minimum = parameter.shape.words.get("default"), parameter.shape.words.get("minimum")
    if default in (0, 1):
        return FirstPage(int(default))
    if _FROM_ZERO.search(parameter.description):
        return FirstPage(0)
    return FirstPage(int(minimum) if minimum in (0, 1) else None)


def read_largest_size(size: PagingParameter) -> tuple[int | None, str]:
    """Return how many entries a page has at most, and where that is said; None where it is not."""
    maximum = size.shape.words.get("maximum")
    if isinstance(maximum, int | float) and not isinstance(maximum, bool) and 0 < maximum <= _LARGEST_SIZE:
        return int(maximum), "`maximum`"
    match = _SIZE_IN_TEXT.search(re.sub(r"[*`_]", "", size.description))
    largest = int(match[1].replace(",", "")) if match else 0
    return (largest, "the text") if 0 < largest <= _LARGEST_SIZE else (None, "")
