"""What never appears in a log, an error or a repr.

Three ways to know a secret: by the field that holds it (the manifest's `redact.fields`, inputs of type password),
by the parameter of a URL (`redact.query`), and by its value (the token, every password given to the call).
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.definition.load import Connector

HIDDEN = "***"
_HEADERS = frozenset((
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-zm-signature",
    "www-authenticate", "authentication-info",
))  # fmt: skip
_QUERY = frozenset(
    ("access_token", "refresh_token", "client_secret", "code", "code_verifier", "token", "api_key", "password")
)
_FIELDS = frozenset((
    "access_token", "refresh_token", "client_secret", "id_token", "code_verifier", "password", "passcode",
))  # fmt: skip
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"'<>]+@", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic)(\s+|%20)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_SHORTEST = 4  # a shorter value would hide half of every text
_LONGEST_SHOWN = 60


class Redactor:
    """Hides what a connector declares secret, and the secret values of one call."""

    def __init__(self, fields: Iterable[str], query: Iterable[str], values: Iterable[str] = ()) -> None:
        self.fields = frozenset(name.lower() for name in fields) | _FIELDS
        self.query = frozenset(name.lower() for name in query) | _QUERY
        names = "|".join(sorted(map(re.escape, self.query)))
        self._parameter = re.compile(rf"([?&;](?:{names})=)[^&#\s\"'<>\\]+", re.IGNORECASE)
        keys = "|".join(sorted(map(re.escape, self.fields)))
        self._pair = re.compile(rf"(\\?[\"'](?:{keys})\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]*", re.IGNORECASE)
        self.values = tuple(sorted(set(values), key=len, reverse=True))
        self._known = _pattern(self.values)

    def knowing(self, values: Iterable[str]) -> Redactor:
        """Return one that hides these values too, in every spelling they may come back in."""
        fresh = {value for value in values if len(value) >= _SHORTEST} - set(self.values)
        return Redactor(self.fields, self.query, {*self.values, *fresh}) if fresh else self

    def text(self, text: str) -> str:
        """Return a text without secrets, on one line: control characters are escaped."""
        text = self.url(text)
        text = self._pair.sub(rf"\g<1>{HIDDEN}", text)
        text = _BEARER.sub(rf"\g<1> {HIDDEN}", text)
        return _one_line(text)

    def url(self, url: str) -> str:
        """Return a URL, or a text with URLs in it, without secrets."""
        url = _USERINFO.sub(rf"\g<1>{HIDDEN}@", url)
        url = self._parameter.sub(rf"\g<1>{HIDDEN}", url)
        return self._known.sub(HIDDEN, url) if self._known else url

    def data(self, data: Any) -> Any:
        """Return JSON data without secrets, by field and by value; everything else unchanged."""
        if isinstance(data, dict):
            return {
                self.text(str(key)): HIDDEN
                if str(key).lower() in self.fields and item not in (None, "")
                else self.data(item)
                for key, item in data.items()
            }
        if isinstance(data, list | tuple):
            return [self.data(item) for item in data]
        return self.text(data) if isinstance(data, str) else data

    def header(self, name: str, value: str) -> str:
        """Return a header's value without secrets."""
        return HIDDEN if name.lower() in _HEADERS else self.text(value)

    def headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return headers without secrets."""
        return [(name, self.header(name, value)) for name, value in headers]

    def query_pairs(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the parameters of a query without secrets."""
        return [(name, HIDDEN if name.lower() in self.query else self.text(value)) for name, value in pairs]


def of(connector: Connector) -> Redactor:
    """Return the redactor of a connector, made once."""
    made: Redactor | None = connector.compiled.get("redactor")
    if made is None:
        declared = connector.manifest.redact
        made = Redactor(declared.fields, declared.query)
        connector.compiled["redactor"] = made
    return made


def shown(value: Any, *, secret: bool = False) -> str:
    """Return a given value as a problem may show it: short, on one line, secrets as ***."""
    if secret:
        return HIDDEN
    try:
        text = json.dumps(value, ensure_ascii=False) if not isinstance(value, bytes) else f"{len(value)} bytes"
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    text = _one_line(_QUERY_LIKE.sub(rf"\g<1>{HIDDEN}", text))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


_QUERY_LIKE = re.compile(
    r"([?&;](?:pwd|zak|tk|jwt|[a-z_]*(?:token|secret|password|code|key))=)[^&#\s\"]+", re.IGNORECASE
)


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _pattern(values: Iterable[str]) -> re.Pattern[str] | None:
    spellings = {spelling for value in values for spelling in _spellings(value)}
    if not spellings:
        return None
    return re.compile("|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True)))


def _spellings(value: str) -> set[str]:
    """Return a secret as itself, percent-encoded, JSON-escaped, and in base64 at each of three offsets."""
    raw = value.encode("utf-8", "surrogatepass")
    found = {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        core = whole[(0, 2, 3)[offset] : len(whole) - (0, 3, 2)[(offset + len(raw)) % 3] or None].decode()
        if len(core) >= _SHORTEST:
            found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


def secret_values(data: Mapping[str, Any] | Iterable[Any]) -> list[str]:
    """Return the texts among these values, for `knowing`."""
    items = data.values() if hasattr(data, "values") else data
    return [item for item in items if isinstance(item, str)]
