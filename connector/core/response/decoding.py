"""Decode the bodies of replies: characters by the charset, JSON whatever its label says.

What cannot be represented is replaced and told: the caller gets the rest, and a write that was done stays done.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import SchemaValidator, core_schema, from_json

from connector.core.response.fast_json import FastJsonParser
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from connector.core.response.reply import Reply

REPLACED_TEXT = "Some characters of the reply are not valid text; each was replaced by U+FFFD."
REPLACED_NUMBER = "A number of the reply is too large; it was replaced by null."
_UTF8 = "utf-8"
_MARKS = (
    (codecs.BOM_UTF8, _UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_OF_MARKS = {mark[:1] for mark, _ in _MARKS}
_CHARSET = prepare_pattern(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE | re.ASCII)
# Python's names of charsets. Its other codecs are not charsets, and some of them are slow.
_CHARSET_NAMES = prepare_pattern(
    r"utf-8|utf-16|utf-16-[bl]e|utf-32|utf-32-[bl]e|ascii|iso8859-\d+|cp\d+|koi8-\w|gbk|gb2312|gb18030|big5\w*|"
    r"euc_\w+|shift_jis\w*|iso2022_\w+|mac-\w+|tis-620|johab",
    re.ASCII,
)
# An escape of a JSON text: a pair of surrogates, half of one, or any other.
_ESCAPE = prepare_pattern(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
# A body with 0 for each digit and point, to find numbers that may be too large for a float.
_NUMBER_SHAPE = bytes.maketrans(b"123456789.E\t\r\n", b"0000000000e   ")
_SIGNS_OF_CUT = ("EOF", "unexpected end of data", "no element found", "unclosed token")  # of JSON, CSV and XML
_DIGIT = ord("0")
_LARGE_EXPONENT, _MANY_DIGITS = b"0e000", b"0" * 309
_SAMPLE = 32  # of so many characters one is looked at: so many digits in a row have several in a row among these
# The text, or None without an exponent of three digits in it: this engine needs a tenth of the time of `re`.
_search_exponent = SchemaValidator(
    core_schema.with_default_schema(
        core_schema.str_schema(pattern=r"[0-9][eE]\+?[0-9]{3}", regex_engine="rust-regex"),
        default=None,
        on_error="default",
    )
).validate_python
_BEFORE_NUMBERS = (b"", b" ", b":", b",", b"[")
_fast_json = FastJsonParser()


class DecodedBody(NamedTuple):
    """The data or the text of a body, and what was replaced in it, as sentences."""

    value: Any
    warnings: tuple[str, ...] = ()


class UnreadableBody(ValueError):
    """A body that is not JSON; `is_cut` when the connection was its only end, and it ends early."""

    def __init__(self, message: str, *, is_cut: bool = False) -> None:
        super().__init__(message)
        self.is_cut = is_cut


def is_web_page(reply: Reply) -> bool:
    """Whether a body is a web page, such as a login form: labelled so, and neither a JSON object nor a list."""
    return "html" in reply.media_type and reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"[")


def begins_as_web_page(body: bytes) -> bool:
    """Whether a body is a web page by its first bytes, whatever its label says."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower().startswith((b"<!doctype html", b"<html"))


def is_labelled_json(reply: Reply) -> bool:
    """Whether a body is JSON by its label."""
    return reply.media_type.endswith(("/json", "+json"))


def has_length(reply: Reply) -> bool:
    """Whether a reply says where its body ends; otherwise the end of the connection does, and it may be cut off."""
    return bool(reply.header("content-length") or reply.header("transfer-encoding"))


def decode_text(reply: Reply, declared: str | None = None) -> DecodedBody:
    """Return the text of a body by its byte order mark or charset, else by what it declares itself, else UTF-8.

    What is invalid is replaced.
    """
    encoding, length = _find_encoding(reply)
    if declared is not None and not length and _CHARSET.search(reply.header("content-type") or "") is None:
        encoding = _find_codec(declared)
    body = reply.body[length:]
    for candidate in dict.fromkeys((encoding, _UTF8)):
        try:
            return DecodedBody(body.decode(candidate))
        except UnicodeDecodeError:
            continue
    text = body.decode(encoding, "replace")
    return DecodedBody(text, (REPLACED_TEXT,))


def parse_json(reply: Reply) -> DecodedBody:
    """Return the data of a JSON body, of whatever media type. Raises UnreadableBody."""
    if not reply.body:
        raise UnreadableBody("the reply is empty where JSON was expected")
    encoding, length = _find_encoding(reply)
    warnings: tuple[str, ...] = ()
    body = reply.body[length:] if length else reply.body
    if encoding not in (_UTF8, "ascii"):
        text, warnings = decode_text(reply)
        body = text.encode()
    try:
        decoded = decode_json(body)
    except ValueError as error:
        raise build_unreadable(reply, "JSON", error) from None
    return DecodedBody(decoded.value, (*warnings, *decoded.warnings)) if warnings else decoded


def decode_json(body: bytes) -> DecodedBody:
    """Return the data of a JSON text in UTF-8. Raises ValueError."""
    value = _fast_json.parse(body)
    if value is not None:
        return DecodedBody(value)
    warnings: tuple[str, ...] = ()
    try:
        value = from_json(body, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        repaired = _replace_invalid_characters(body)
        if repaired == body:
            raise ValueError(str(error)) from None
        try:
            value = from_json(repaired, allow_inf_nan=False)
        except RecursionError as second_error:
            raise ValueError(str(second_error)) from None
        body, warnings = repaired, (REPLACED_TEXT,)
    if _may_overflow(body):
        value, has_overflow = _parse_with_finite_numbers(body)
        warnings += (REPLACED_NUMBER,) * has_overflow
    return DecodedBody(value, warnings)


def _find_encoding(reply: Reply) -> tuple[str, int]:
    """Return the encoding of a body, and the length of its byte order mark."""
    if reply.body[:1] in _FIRST_OF_MARKS:
        for mark, encoding in _MARKS:
            if reply.body.startswith(mark):
                return encoding, len(mark)
    return _parse_charset(reply.header("content-type") or ""), 0


@lru_cache(maxsize=256)
def _parse_charset(content_type: str) -> str:
    """Return Python's name of a Content-Type's charset; UTF-8 when it names none that is known."""
    match = _CHARSET.search(content_type)
    return _find_codec(match[1]) if match else _UTF8


def _find_codec(charset: str) -> str:
    """Return Python's name of a charset; UTF-8 for one that is not known."""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return _UTF8
    return name if _CHARSET_NAMES.fullmatch(name) else _UTF8


def _replace_invalid_characters(body: bytes) -> bytes:
    """Return a JSON body with U+FFFD in place of bytes that are not UTF-8, and of halves of surrogate pairs."""
    text = body.decode(_UTF8, "replace")
    return _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text).encode()


def _may_overflow(body: bytes) -> bool:
    """Whether a body may have a number with an exponent of three digits, or one of very many digits."""
    samples = body[::_SAMPLE].translate(_NUMBER_SHAPE)
    if _MANY_DIGITS[_SAMPLE::_SAMPLE] not in samples and _search_exponent(body) is None:
        return False
    shape = body.translate(_NUMBER_SHAPE, b"+")
    position = shape.find(_LARGE_EXPONENT)
    while position >= 0:
        start = position
        while start and shape[start - 1] == _DIGIT:
            start -= 1
        if shape[max(start - 1, 0) : start] == b"-":
            start -= 1
        if shape[max(start - 1, 0) : start] in _BEFORE_NUMBERS:  # else it is inside a text, such as a UUID
            return True
        position = shape.find(_LARGE_EXPONENT, position + 1)
    return _MANY_DIGITS in shape


def _parse_with_finite_numbers(body: bytes) -> tuple[Any, bool]:
    """Return the data of a body that was parsed once, with null for each number that no float can hold."""
    overflows: list[str] = []

    def parse_float(text: str) -> float | None:
        number = float(text)
        if math.isinf(number):
            overflows.append(text)
            return None
        return number

    return json.loads(body, parse_float=parse_float), bool(overflows)


def build_unreadable(reply: Reply, expected: str, error: BaseException) -> UnreadableBody:
    """Return the error of a body that is not what was expected; a text that ends too early may be cut off."""
    reason = re.sub(r"[^ -~]", "?", str(error))[:120]
    is_cut = any(sign in str(error) for sign in _SIGNS_OF_CUT) and not has_length(reply)
    return UnreadableBody(f"the reply is not {expected}: {reason}", is_cut=is_cut)
