"""What never appears in a log, an error or a repr.

Three ways to know a secret: by the field or header that holds it (the manifest's `redact.fields`, inputs of type
password), by the parameter of a URL (`redact.query`), and by its value (the token, every password of the call).
"""

from __future__ import annotations

import base64
import json
import re
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.definition.loader import Connector

HIDDEN = "***"
HEADERS = frozenset((
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key",
    "www-authenticate", "authentication-info",
))  # fmt: skip
_QUERY = frozenset((
    "access_token", "refresh_token", "id_token", "token", "client_secret", "code", "code_verifier", "api_key",
    "password", "passcode", "pwd", "signature", "sig", "x-amz-signature", "x-amz-credential", "x-amz-security-token",
    "x-goog-signature", "x-goog-credential",
))  # fmt: skip
_FIELDS = frozenset((
    "access_token", "refresh_token", "client_secret", "id_token", "code_verifier", "password", "passcode",
))  # fmt: skip
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"'<>]+@", re.IGNORECASE)
_BEARER = re.compile(r"\b((?i:Bearer|Basic))(\s+|%20)(?=\S*[0-9A-Z])[A-Za-z0-9._~+/=-]{6,}")
_SHORTEST = 4  # a shorter value would hide half of every text
_LONGEST_SHOWN = 60
_LONGEST_READ = 1 << 20  # a larger body of text is an upload


class Redactor:
    """Hides what a connector declares secret, and the secret values of one call."""

    def __init__(self, fields: Iterable[str] = (), query: Iterable[str] = (), headers: Iterable[str] = ()) -> None:
        self.fields = frozenset(name.lower() for name in fields) | _FIELDS
        self.query = frozenset(name.lower() for name in query) | _QUERY
        self.hidden = frozenset(name.lower() for name in headers) | HEADERS
        self._parameter = _parameter(self.query)
        self._pair = _pair(self.fields)
        self.values: frozenset[str] = frozenset()
        self.known: re.Pattern[str] | None = None

    def knowing(self, values: Iterable[str]) -> Redactor:
        """Return one that hides these values too, in every spelling they may come back in."""
        more = {value for value in values if len(value) >= _SHORTEST} - self.values
        if not more:
            return self
        knowing = copy(self)
        knowing.values = self.values | more
        knowing.known = _spelled_pattern(knowing.values)
        return knowing

    def text(self, text: str) -> str:
        """Return a text without secrets, on one line: control characters are escaped."""
        text = self.url(text)
        text = self._pair.sub(rf"\g<name>\g<quote>{HIDDEN}\g<quote>", text)
        text = _BEARER.sub(rf"\g<1> {HIDDEN}", text)
        return _one_line(text)

    def url(self, url: str) -> str:
        """Return a URL, or a text with URLs in it, without secrets."""
        url = _USERINFO.sub(rf"\g<1>{HIDDEN}@", url)
        url = self._parameter.sub(rf"\g<1>{HIDDEN}", url)
        return self.known.sub(HIDDEN, url) if self.known else url

    def data(self, data: Any) -> Any:
        """Return JSON data without secrets, by field and by value; everything else unchanged."""
        if isinstance(data, dict):
            return {self.text(str(key)): self._member(str(key), item) for key, item in data.items()}
        if isinstance(data, list | tuple):
            return [self.data(item) for item in data]
        if isinstance(data, str):
            return self.text(data)
        return HIDDEN if self.values and str(data) in self.values else data

    def pairs(self, pairs: Iterable[tuple[str, Any]]) -> list[list[Any]]:
        """Return the pairs of a form without secrets; a name may be nested, as in settings[password]."""
        return [[self.text(name), self._member(re.split(r"[\[.]", name)[-1].rstrip("]"), item)] for name, item in pairs]

    def _member(self, name: str, item: Any) -> Any:
        return HIDDEN if name.lower() in self.fields and item not in (None, "") else self.data(item)

    def secrets_in(self, data: Any) -> Iterable[str]:
        """Find the texts that stand in secret fields of JSON data, or at secret names of pairs."""
        if isinstance(data, dict):
            data = [*data.items()]
        for item in data if isinstance(data, list | tuple) else ():
            named = isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)  # noqa: PLR2004  a pair
            if named and isinstance(item[1], str):
                if re.split(r"[\[.]", item[0].lower())[-1].rstrip("]") in self.fields | self.query:
                    yield item[1]
            else:
                yield from self.secrets_in(item[1] if named else item)

    def headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return headers without secrets."""
        return [(name, HIDDEN if name.lower() in self.hidden else self.text(value)) for name, value in headers]


def of(connector: Connector) -> Redactor:
    """Return the redactor of a connector, made once."""
    made: Redactor | None = connector.compiled.get("redactor")
    if made is None:
        manifest = connector.manifest
        signed = [kind.to.partition(".") for kind in manifest.connections.values() if kind.to]
        headers = [name for part, _, name in signed if part == "header"]
        headers += [trigger.signature.header for trigger in manifest.triggers.values()]
        query = [name for part, _, name in signed if part == "query"]
        made = Redactor(manifest.redact.fields, [*manifest.redact.query, *query], headers)
        connector.compiled["redactor"] = made
    return made


@cache
def plain() -> Redactor:
    """Return a redactor that knows what is secret everywhere."""
    return Redactor()


def read(text: str | bytes) -> Any:
    """Return what a body of text says as `secrets_in` takes it: JSON data, or the pairs of a form."""
    if len(text) > _LONGEST_READ:
        return None
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return parse_qsl(text.strip())


def shown(value: Any, *, secret: bool = False, safe: Redactor | None = None) -> str:
    """Return a given value as a problem may show it: short, on one line, secrets as ***."""
    if secret:
        return HIDDEN
    safe = safe or plain()
    try:
        text = f"{len(value)} bytes" if isinstance(value, bytes) else json.dumps(safe.data(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = kind_of(value)
    text = _one_line(text).replace("\\\\", "\\")  # what stands for a sign of control is not escaped again
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def kind_of(value: Any) -> str:
    """Return what a value is, such as `an int`."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _parameter(names: Iterable[str]) -> re.Pattern[str]:
    """A parameter of a URL, in one that is plain, percent-encoded, or inside JSON."""
    either = "|".join(sorted(map(re.escape, names)))
    return re.compile(rf"((?:^|[?&;#]|%26|%3f|\\u0026)(?:{either})(?:=|%3d|\\u003d))[^&#\s\"'<>\\]+", re.IGNORECASE)


def _pair(names: Iterable[str]) -> re.Pattern[str]:
    """A name and its value in a text that is JSON, or JSON inside JSON; up to the end when the quote is not closed."""
    either = "|".join(sorted(map(re.escape, names)))
    name = rf"(?P<name>(?P<quote>\\*[\"'])(?:{either})(?P=quote)\s*:\s*)"
    return re.compile(rf"{name}(?:(?P=quote).*?(?:(?<!\\)(?P=quote)|\Z)|-?[0-9][^\s,}}\]]*)", re.IGNORECASE | re.DOTALL)


def _spelled_pattern(values: Iterable[str]) -> re.Pattern[str] | None:
    spellings = [spelling for value in sorted(values, key=len, reverse=True) for spelling in _spellings(value)]
    return re.compile("|".join(spellings)) if spellings else None


def _spellings(value: str) -> list[str]:
    """Return patterns of a secret: escaped in any mixture of ways, and in base64 at each of three offsets."""
    raw = value.encode("utf-8", "surrogatepass")
    cores = {_core(base64.b64encode(b"\0" * offset + raw), offset, len(raw)) for offset in range(3)}
    coded = cores | {core.replace("+", "-").replace("/", "_") for core in cores}
    return ["".join(map(_spelled, value)), *sorted(map(re.escape, coded), key=len, reverse=True)]


def _core(coded: bytes, offset: int, size: int) -> str:
    """Return the characters of a base64 text that depend on the secret alone."""
    return coded[(0, 2, 3)[offset] : len(coded) - (0, 3, 2)[(offset + size) % 3]].decode()


def _spelled(char: str) -> str:
    """Return the pattern of one character: itself, percent-encoded once or twice, or escaped as in JSON."""
    if char.isascii() and char.isalnum():
        return char
    raw = char.encode("utf-8", "surrogatepass")
    percent = "".join(f"%(?:25)?{byte:02x}" for byte in raw)
    units = char.encode("utf-16-be", "surrogatepass")
    escaped = "".join(rf"\\+u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
    short = {" ": r"|\+", "\n": r"|\\+n", "\r": r"|\\+r", "\t": r"|\\+t"}.get(char, "")
    return rf"(?:\\*{re.escape(char)}|(?i:{percent}|{escaped}){short})"
