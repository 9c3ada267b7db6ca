"""Find known secrets in a text, in every encoding in which a service may echo them."""

from __future__ import annotations

import base64
from itertools import chain
from typing import TYPE_CHECKING, Any

from connector.core.secrets.escapes import PlaceMap, has_escape, to_form, to_plain_forms
from connector.core.secrets.span import Span
from connector.definition.lazy import cached_property

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MIN_SECRET_LENGTH = 4  # characters; masking a shorter value would garble every text
MIN_BEGINNING_LENGTH = 12  # characters of a long secret that are enough to know it by
_MIN_LONG_LENGTH = 2 * MIN_BEGINNING_LENGTH
_MAX_SEARCHED_LENGTH = 32_768  # characters; of a longer value so many are searched for, and all behind them is masked
_MIN_CUT_LENGTH = 500  # characters; a shorter text was not cut, so its end is no beginning of a secret


class SecretValues:
    """Values that must not be shown: plain, escaped, in base64, or only their beginning where a text was cut."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values = frozenset(value for value in values if len(value) >= MIN_SECRET_LENGTH)

    def __bool__(self) -> bool:
        return bool(self.values)

    @cached_property
    def max_length(self) -> int:
        """The length of the longest value."""
        return max(map(len, self.values), default=0)

    @cached_property
    def _searched(self) -> list[str]:
        return [value[:_MAX_SEARCHED_LENGTH] for value in self.values]

    @cached_property
    def _beginnings(self) -> list[tuple[str, list[str]]]:
        """How each value begins, as it is and in base64."""
        return [(_shorten(value), [_shorten(form) for form in _to_base64_parts(value)]) for value in self._searched]

    @cached_property
    def _has_space(self) -> bool:
        return any(" " in value for value in self.values)

    @cached_property
    def _texts(self) -> list[str]:
        """What to look for in a text as it is."""
        return [*self._searched, *chain.from_iterable(map(_to_base64_forms, self._searched))]

    @cached_property
    def _plain_texts(self) -> list[tuple[bytes, str]]:
        """What to look for in a plain form, each with what must stand before it."""
        plain: dict[bytes, str] = {}
        for value in self._searched:  # itself, as JSON has it, and should it look escaped, undone as the text will be
            plain |= dict.fromkeys((to_form(value), _unescaped(value), to_plain_forms(value)[-1]), "")
        for value in self._searched:  # a percent sign before a value that begins with hexadecimal digits takes these
            for count in (1, 2):
                head = value[:count]
                if all(char in "0123456789abcdefABCDEF" for char in head):
                    plain.setdefault(_unescaped(value[count:]), head)
        coded = {to_form(text): "" for value in self._searched for text in _to_base64_forms(value)}
        return [(text, head) for text, head in (plain | coded).items() if len(text) >= MIN_SECRET_LENGTH - len(head)]

    def find(self, text: str) -> list[Span]:
        """Return the places of the values in a text."""
        if not self.values:
            return []
        spans = [Span(start, end) for needle in self._texts for start, end in _find_all(text, needle)]
        if self._may_be_escaped(text):
            spans += self._find_escaped(text)
        return [*spans, *self._find_wrapped(text)]

    def may_be_in(self, texts: Sequence[str]) -> bool:
        """Whether one of the texts may have one of the values; quicker than `find`, for texts that rarely have one."""
        if not self.values:
            return False
        text = "\n".join(texts)
        if self._may_be_escaped(text) and self.find("\n".join(filter(self._may_be_escaped, texts))):
            return True
        joined = "".join(text.split())
        in_base64 = joined.replace("-", "+").replace("_", "/")
        for beginning, coded in self._beginnings:
            if beginning in text or beginning in joined:
                return True
            for form in coded:
                if form in in_base64:
                    return True
        return False

    def _may_be_escaped(self, text: str) -> bool:
        return has_escape(text) or (self._has_space and "+" in text)

    def _find_wrapped(self, text: str) -> Iterator[Span]:
        """Yield the places of long values that are broken into lines, as base64 and folded headers are."""
        parts = text.split()
        if not parts[1:]:  # nothing is between
            return
        joined = "".join(parts)
        needles = [needle for needle in self._texts if len(needle) >= MIN_BEGINNING_LENGTH]
        found = [place for needle in needles for place in _find_all(joined, needle)]
        if found:
            places = [place for place, char in enumerate(text) if not char.isspace()]
            yield from (Span(places[start], places[end - 1] + 1) for start, end in found)

    def _find_escaped(self, text: str) -> Iterator[Span]:
        for level, form in enumerate(to_plain_forms(text)):
            found = [(start, end, head) for needle, head in self._plain_texts for start, end in _find_all(form, needle)]
            if not found:
                continue
            place_map = PlaceMap(text, level)
            for first, last, head in found:
                start, end = place_map.to_place(first, last)
                if text.endswith(head, 0, start):
                    yield Span(start - len(head), end)


def _unescaped(value: str) -> bytes:
    """Return the plain form of a value that has no escapes, whatever it looks like."""
    return to_form(value).replace(b"\\", b"")


def _find_all(text: Any, needle: Any) -> Iterator[tuple[int, int]]:
    """Yield where a text (or bytes) has a value.

    Of a long value its beginning is enough, and of any at the end of a long text.
    """
    position = text.find(needle)
    while position >= 0:
        end = len(text) if len(needle) >= _MAX_SEARCHED_LENGTH else position + len(needle)
        yield position, end
        position = text.find(needle, end)
    if len(needle) >= _MIN_LONG_LENGTH:
        yield from _find_beginnings(text, needle)
    if len(text) >= _MIN_CUT_LENGTH:
        for length in range(min(len(needle), _MIN_LONG_LENGTH) - 1, MIN_SECRET_LENGTH - 1, -1):
            if text.endswith(needle[:length]):
                yield len(text) - length, len(text)
                break


def _find_beginnings(text: Any, needle: Any) -> Iterator[tuple[int, int]]:
    beginning = needle[:MIN_BEGINNING_LENGTH]
    position = text.find(beginning)
    while position >= 0:
        count, limit = len(beginning), min(len(needle), len(text) - position)
        while count < limit and text[position + count] == needle[count]:
            count += 1
        yield position, position + count
        position = text.find(beginning, position + count)


def _shorten(needle: str) -> str:
    return needle if len(needle) < _MIN_LONG_LENGTH else needle[:MIN_BEGINNING_LENGTH]


def _to_base64_forms(value: str) -> set[str]:
    """Return the base64 of a value in both alphabets."""
    forms = _to_base64_parts(value)
    return {*forms, *(form.replace("+", "-").replace("/", "_") for form in forms)}


def _to_base64_parts(value: str) -> list[str]:
    """Return the base64 of a value at each of three offsets, as far as it is the value's own."""
    raw = value.encode("utf-8", "surrogatepass")
    return [_secret_part_of_base64(base64.b64encode(b"\0" * offset + raw), offset, len(raw)) for offset in range(3)]


def _secret_part_of_base64(encoded: bytes, offset: int, size: int) -> str:
    """Return the base64 characters that depend on the secret alone."""
    return encoded[(0, 2, 3)[offset] : len(encoded) - (0, 3, 2)[(offset + size) % 3]].decode()
