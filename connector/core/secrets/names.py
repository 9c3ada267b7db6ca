"""Find the values that stand in a text beside a name which says that they are secret."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.secrets.span import MASK, Span
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    IsSecret = Callable[[str], bool]

_SECRET_ENDINGS = (
    "password", "passwd", "passcode", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey",
    "secretkey", "signingkey", "encryptionkey", "sessionkey", "authkey", "masterkey", "sharedkey", "credential",
    "subscriptionkey", "clientassertion", "codeverifier", "tokenvalue", "secretvalue", "connectionstring",
    "samlresponse", "devicecode", "recoverycode", "backupcode", "verificationcode",
)  # fmt: skip
_SECRET_WORDS = frozenset(("pwd", "jwt", "zak", "otp", "bearer", "authorization", "cookie"))
_CURSOR_ENDINGS = tuple(
    f"{word}token" for word in ("page", "paging", "cursor", "next", "previous", "sync", "continuation", "delta", "skip")
)
_MAX_NAME_LENGTH = 64

# Each pattern begins with a sign and is bounded behind it, so that time is linear in the text's length.
_QUOTE = r"(?:\\{0,15}[\"']|&quot;|&apos;|&#0{0,4}3[49];|&#[xX]0{0,4}2[27];|%(?:25)?2[27])"
_PAIR = prepare_pattern(
    rf"(?P<quote>{_QUOTE})(?P<name>[\w.$ \[\]-]{{1,{_MAX_NAME_LENGTH}}}+)(?P=quote)"
    r"\s{0,32}+(?::|=>?|&#58;|&#[xX]3[aA];|%(?:25)?3[aA])\s{0,32}+"
)
_VALUE_QUOTE = prepare_pattern(_QUOTE)
_NUMBER = prepare_pattern(r"-?[0-9][^\s,}\]&]*+")
_PARAMETER = prepare_pattern(
    rf"(?:^|[?&;#]|%(?:25)?26|%(?:25)?3[fF]|\\u0026|\\u003[fF])(?P<name>[\w.\[\]-]{{1,{_MAX_NAME_LENGTH}}}+)"
    r"(?:=|%(?:25)?3[dD]|\\u003[dD]|&equals;|&#61;|&#[xX]3[dD];)"
)
_ASSIGNMENT = prepare_pattern(rf"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{{0,{_MAX_NAME_LENGTH - 1}}}+)=(?![\s=])")
_ELEMENT = prepare_pattern(
    rf"<(?:[\w.-]{{1,{_MAX_NAME_LENGTH}}}+:)?(?P<name>[\w.-]{{1,{_MAX_NAME_LENGTH}}}+)(?:\s[^<>]{{0,256}}+)?>(?P<value>[^<]++)"
)
_PARAMETER_VALUE = prepare_pattern(r"[^&#\s\"'<>\\]++")
_USER = prepare_pattern(
    r"(?<=[a-zA-Z0-9+.-])(?:://|:\\{1,3}/\\{1,3}/)(?P<user>[^/\s@\"'<>]++(?:@[^/\s@\"'<>]*+(?=@))*+)(?P<end>@?)"
)
_MAX_HOST_LENGTH = 512  # characters; more is a user's name and password, in a text that was cut before the @
_SCHEME = prepare_pattern(r"\b(?i:Bearer|Basic)(?P<gap>\s{1,32}+|%20)(?P<value>[A-Za-z0-9._~+/=-]{6,}+)")


class NamedValue(NamedTuple):
    """A value in a text: its place, and what is shown instead."""

    span: Span
    value: str


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a name is one of secrets: client_secret, clientSecret, X-Auth-Token; not the cursors of listings."""
    joined = re.sub(r"[\W_]", "", name).lower()
    if joined.endswith(_CURSOR_ENDINGS):
        return False
    last_word = re.split(r"[\W_]|(?<=[a-z0-9])(?=[A-Z])", name)[-1].lower()
    return joined.endswith(_SECRET_ENDINGS) or last_word in _SECRET_WORDS


def is_secret_member(name: str, value: Any) -> bool:
    """Whether a member of data is secret by its name; a yes or no never is, and names in the plural are of texts."""
    if value is None or value == "" or isinstance(value, bool) or len(name) > _MAX_NAME_LENGTH:
        return False
    if is_secret_name(name):
        return True
    return name[-1:] in "sS" and not isinstance(value, int | float) and is_secret_name(name[:-1])


def last_name(name: str) -> str:
    """Return the last part of a nested name, such as password of settings[password]."""
    if name.isidentifier():
        return name
    return re.split(r"[\[.]", name[-256:])[-1].rstrip("]")


def find_members(text: str, is_secret: IsSecret) -> Iterator[NamedValue]:
    """Yield the secret values of JSON, or of JSON inside JSON, HTML or a URL; an open quote runs to the end."""
    covered = 0
    for match in _PAIR.finditer(text):
        if match.start() < covered or not is_secret(last_name(match["name"])):
            continue
        found = _read_member(text, match.end(), match["quote"])
        if found is not None:
            covered = found.span.end
            yield found


def find_assignments(text: str, is_secret: IsSecret) -> Iterator[NamedValue]:
    """Yield the secret values of attributes and of what a program may print: token=abc, token="abc"."""
    covered = 0
    for match in _ASSIGNMENT.finditer(text):
        if match.start() < covered or not is_secret(last_name(match["name"])):
            continue
        if _VALUE_QUOTE.match(text, match.end()):
            found = _read_member(text, match.end(), "")
        else:
            value = _PARAMETER_VALUE.match(text, match.end())
            found = NamedValue(Span(*value.span()), value[0]) if value else None
        if found is not None:
            covered = found.span.end
            yield found


def find_elements(text: str, is_secret: IsSecret) -> Iterator[NamedValue]:
    """Yield the secret values of XML: <token>abc</token>."""
    for match in _ELEMENT.finditer(text):
        if not match["value"].isspace() and is_secret(last_name(match["name"])):
            yield NamedValue(Span(*match.span("value")), match["value"])


def find_fields(text: str, is_secret: IsSecret) -> Iterator[NamedValue]:
    """Yield the secret values of fields, in whatever form a text has these."""
    for find in (find_members, find_assignments, find_elements):
        yield from find(text, is_secret)


def _read_member(text: str, start: int, name_quote: str) -> NamedValue | None:
    quote = _VALUE_QUOTE.match(text, start)
    if quote is not None:
        end = _find_end(text, quote.end(), quote[0])
        is_open = end < 0
        span = Span(quote.end(), len(text) if is_open else end, MASK + quote[0] * is_open)
        return NamedValue(span, text[span.start : span.end])
    number = _NUMBER.match(text, start)
    if number is not None:
        return NamedValue(Span(start, number.end(), f"{name_quote}{MASK}{name_quote}"), number[0])
    closing = {"[": "]", "{": "}"}.get(text[start : start + 1])
    if closing is None:
        return None
    end = text.find(closing, start) + 1 or len(text)
    return NamedValue(Span(start, end, f"{name_quote}{MASK}{name_quote}"), text[start:end])


def _find_end(text: str, start: int, quote: str) -> int:
    """Return the place of the closing quote: the same one, without a backslash more before it; -1 if there is none."""
    end = text.find(quote, start)
    while end > start and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    return end


def find_parameters(text: str, is_secret: IsSecret) -> Iterator[NamedValue]:
    """Yield the secret values of URLs and forms in a text, also of URLs inside URLs or JSON."""
    covered = 0
    for match in _PARAMETER.finditer(text):
        if match.start() < covered or not (is_secret(match["name"]) or is_secret(last_name(match["name"]))):
            continue
        value = _PARAMETER_VALUE.match(text, match.end())
        if value is not None:
            covered = value.end()
            yield NamedValue(Span(*value.span()), value[0])


def find_users(text: str) -> Iterator[Span]:
    """Yield the places of users and passwords in URLs."""
    if "://" in text or "\\/" in text:
        for match in _USER.finditer(text):
            start, end = match.span("user")
            if match["end"] or end - start > _MAX_HOST_LENGTH:
                yield Span(start, end)


def find_credentials(text: str) -> Iterator[Span]:
    """Yield the places of what follows the word Bearer or Basic, with the space between."""
    for match in _SCHEME.finditer(text):
        if any(char.isdigit() or char.isupper() for char in match["value"]):  # else it is prose
            yield Span(match.start("gap"), match.end(), f" {MASK}")
