"""Redact secrets from logs, errors and reprs.

A secret is known by the field or header that holds it (the manifest's `redact.fields`, inputs of type password), by
the URL parameter (`redact.query`), or by its value (the token, every password of the call).
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

MASK = "***"
SECRET_HEADERS = frozenset((
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key",
    "www-authenticate", "authentication-info",
))  # fmt: skip
_SECRET_PARAMETERS = frozenset((
    "access_token", "refresh_token", "id_token", "token", "client_secret", "code", "code_verifier", "api_key",
    "password", "passcode", "pwd", "signature", "sig", "x-amz-signature", "x-amz-credential", "x-amz-security-token",
    "x-goog-signature", "x-goog-credential",
))  # fmt: skip
_SECRET_FIELDS = frozenset((
    "access_token", "refresh_token", "client_secret", "id_token", "code_verifier", "password", "passcode",
))  # fmt: skip
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"'<>]+@", re.IGNORECASE)
_BEARER = re.compile(r"\b((?i:Bearer|Basic))(\s+|%20)(?=\S*[0-9A-Z])[A-Za-z0-9._~+/=-]{6,}")
_MIN_SECRET_LENGTH = 4  # characters; masking a shorter value would garble every text
_MAX_PREVIEW_LENGTH = 60
_MAX_PARSED_LENGTH = 1 << 20  # characters; a larger text body is an upload


class Redactor:
    """Masks the fields, parameters and headers that a connector declares secret, and the secret values of a call."""

    def __init__(self, fields: Iterable[str] = (), query: Iterable[str] = (), headers: Iterable[str] = ()) -> None:
        self.secret_fields = frozenset(name.lower() for name in fields) | _SECRET_FIELDS
        self.secret_parameters = frozenset(name.lower() for name in query) | _SECRET_PARAMETERS
        self.secret_headers = frozenset(name.lower() for name in headers) | SECRET_HEADERS
        self._parameter_pattern = _compile_parameter_pattern(self.secret_parameters)
        self._pair_pattern = _compile_pair_pattern(self.secret_fields)
        self.secret_values: frozenset[str] = frozenset()
        self.secret_pattern: re.Pattern[str] | None = None

    def with_secrets(self, values: Iterable[str]) -> Redactor:
        """Return a redactor that also masks these values, in every encoding in which a service may echo them."""
        new_values = {value for value in values if len(value) >= _MIN_SECRET_LENGTH} - self.secret_values
        if not new_values:
            return self
        redactor = copy(self)
        redactor.secret_values = self.secret_values | new_values
        redactor.secret_pattern = _compile_secret_pattern(redactor.secret_values)
        return redactor

    def redact_text(self, text: str) -> str:
        """Return text without secrets, on one line: control characters are escaped."""
        text = self.redact_url(text)
        text = self._pair_pattern.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", text)
        text = _BEARER.sub(rf"\g<1> {MASK}", text)
        return _escape_control_characters(text)

    def redact_url(self, url: str) -> str:
        """Return a URL, or text that contains URLs, without secrets."""
        url = _USERINFO.sub(rf"\g<1>{MASK}@", url)
        url = self._parameter_pattern.sub(rf"\g<1>{MASK}", url)
        return self.secret_pattern.sub(MASK, url) if self.secret_pattern else url

    def redact_data(self, data: Any) -> Any:
        """Return JSON data with secret fields and values masked and everything else unchanged."""
        if isinstance(data, dict):
            return {self.redact_text(str(key)): self._redact_member(str(key), item) for key, item in data.items()}
        if isinstance(data, list | tuple):
            return [self.redact_data(item) for item in data]
        if isinstance(data, str):
            return self.redact_text(data)
        return MASK if self.secret_values and str(data) in self.secret_values else data

    def redact_pairs(self, pairs: Iterable[tuple[str, Any]]) -> list[list[Any]]:
        """Return form pairs without secrets; a name may be nested, as in settings[password]."""
        return [
            [self.redact_text(name), self._redact_member(re.split(r"[\[.]", name)[-1].rstrip("]"), item)]
            for name, item in pairs
        ]

    def _redact_member(self, name: str, item: Any) -> Any:
        return MASK if name.lower() in self.secret_fields and item not in (None, "") else self.redact_data(item)

    def find_secrets(self, data: Any) -> Iterable[str]:
        """Yield the text of secret fields in JSON data, and of pairs with a secret name."""
        if isinstance(data, dict):
            data = [*data.items()]
        for item in data if isinstance(data, list | tuple) else ():
            is_pair = isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)  # noqa: PLR2004  a pair
            if is_pair and isinstance(item[1], str):
                if re.split(r"[\[.]", item[0].lower())[-1].rstrip("]") in self.secret_fields | self.secret_parameters:
                    yield item[1]
            else:
                yield from self.find_secrets(item[1] if is_pair else item)

    def redact_headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return headers without secrets."""
        return [
            (name, MASK if name.lower() in self.secret_headers else self.redact_text(value)) for name, value in headers
        ]


def redactor_for(connector: Connector) -> Redactor:
    """Return the redactor of a connector, built once."""
    return connector.derive(_build_redactor)


def _build_redactor(connector: Connector) -> Redactor:
    manifest = connector.manifest
    places = [place for kind in manifest.connections.values() for place in kind.secret_places]
    locations = [place.partition(".") for place in (*places, *manifest.filled_constants)]
    headers = [name for part, _, name in locations if part == "header"]
    headers += [trigger.signature.header for trigger in manifest.triggers.values()]
    query = [name for part, _, name in locations if part == "query"]
    return Redactor(manifest.redact.fields, [*manifest.redact.query, *query], headers)


@cache
def default_redactor() -> Redactor:
    """Return the redactor for names that are secret in every connector."""
    return Redactor()


def parse_body_fields(text: str | bytes) -> Any:
    """Parse a text body for `find_secrets`: JSON data, or form pairs; None when it is too large."""
    if len(text) > _MAX_PARSED_LENGTH:
        return None
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return parse_qsl(text.strip())


def preview(value: Any, *, is_secret: bool = False, redactor: Redactor | None = None) -> str:
    """Return a value as a problem shows it: short, on one line, secrets as ***."""
    if is_secret:
        return MASK
    redactor = redactor or default_redactor()
    try:
        is_bytes = isinstance(value, bytes)
        text = f"{len(value)} bytes" if is_bytes else json.dumps(redactor.redact_data(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = describe_type(value)
    text = _escape_control_characters(text).replace("\\\\", "\\")  # JSON has escaped control characters already
    return text if len(text) <= _MAX_PREVIEW_LENGTH else f"{text[: _MAX_PREVIEW_LENGTH - 3]}..."


def describe_type(value: Any) -> str:
    """Name the type of a value, such as `an int`."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"


def _escape_control_characters(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _compile_parameter_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Compile the pattern of a URL parameter: plain, percent-encoded or inside JSON."""
    alternatives = "|".join(sorted(map(re.escape, names)))
    return re.compile(
        rf"((?:^|[?&;#]|%26|%3f|\\u0026)(?:{alternatives})(?:=|%3d|\\u003d))[^&#\s\"'<>\\]+", re.IGNORECASE
    )


def _compile_pair_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Compile the pattern of a name and value in JSON, or JSON inside JSON; an open quote runs to the end."""
    alternatives = "|".join(sorted(map(re.escape, names)))
    prefix = rf"(?P<name>(?P<quote>\\*[\"'])(?:{alternatives})(?P=quote)\s*:\s*)"
    return re.compile(
        rf"{prefix}(?:(?P=quote).*?(?:(?<!\\)(?P=quote)|\Z)|-?[0-9][^\s,}}\]]*)", re.IGNORECASE | re.DOTALL
    )


def _compile_secret_pattern(values: Iterable[str]) -> re.Pattern[str] | None:
    patterns = [pattern for value in sorted(values, key=len, reverse=True) for pattern in _encoded_forms(value)]
    return re.compile("|".join(patterns)) if patterns else None


def _encoded_forms(value: str) -> list[str]:
    """Return patterns of a secret: with any mix of escapes, and in base64 at each of three offsets."""
    raw = value.encode("utf-8", "surrogatepass")
    variants = {_secret_part_of_base64(base64.b64encode(b"\0" * offset + raw), offset, len(raw)) for offset in range(3)}
    base64_forms = variants | {variant.replace("+", "-").replace("/", "_") for variant in variants}
    return ["".join(map(_encoded_char_pattern, value)), *sorted(map(re.escape, base64_forms), key=len, reverse=True)]


def _secret_part_of_base64(encoded: bytes, offset: int, size: int) -> str:
    """Return the base64 characters that depend on the secret alone."""
    return encoded[(0, 2, 3)[offset] : len(encoded) - (0, 3, 2)[(offset + size) % 3]].decode()


def _encoded_char_pattern(char: str) -> str:
    """Return the pattern of one character: itself, percent-encoded once or twice, or escaped as in JSON."""
    if char.isascii() and char.isalnum():
        return char
    raw = char.encode("utf-8", "surrogatepass")
    percent_encoded = "".join(f"%(?:25)?{byte:02x}" for byte in raw)
    units = char.encode("utf-16-be", "surrogatepass")
    escaped = "".join(rf"\\+u{units[index : index + 2].hex()}" for index in range(0, len(units), 2))
    short_escape = {" ": r"|\+", "\n": r"|\\+n", "\r": r"|\\+r", "\t": r"|\\+t"}.get(char, "")
    return rf"(?:\\*{re.escape(char)}|(?i:{percent_encoded}|{escaped}){short_escape})"
