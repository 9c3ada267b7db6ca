"""Redact secrets from logs, errors and reprs.

A secret is known by the field or header that holds it (the manifest's `redact.fields`, inputs of type password, names
such as clientSecret), by the URL parameter (`redact.query`), or by its value (the token, every password of the call).

A text that is shown in part is cut to a window before it is searched, and cut to its length only after: what is hidden
is hidden first, and the time of it depends on what can be shown.
"""

from __future__ import annotations

import json
from copy import copy
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from connector.core.secrets import names, span
from connector.core.secrets.escapes import MAX_ESCAPE_LENGTH
from connector.core.secrets.names import is_secret_member, last_name
from connector.core.secrets.span import replace_spans
from connector.core.secrets.values import MIN_BEGINNING_LENGTH, MIN_SECRET_LENGTH, SecretValues
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.core.secrets.span import Span
    from connector.definition.loader import Connector

MASK = span.MASK
SECRET_HEADERS = frozenset((
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key",
    "www-authenticate", "authentication-info",
))  # fmt: skip
_SECRET_PARAMETERS = frozenset((
    "code", "signature", "sig", "x-amz-signature", "x-amz-credential", "x-goog-signature", "x-goog-credential",
))  # fmt: skip
_MARK = prepare_pattern(r"[=:%\\&<]|[Bb][Ee][Aa][Rr]|[Bb][Aa][Ss][Ii][Cc]")  # in every text with a name beside a value
_CONTROLS = {code: chr(code).encode("unicode_escape").decode() for code in (*range(32), *range(127, 160))}
_MAX_PREVIEW_LENGTH = 60
_MAX_HEADER_LENGTH = 65_536
_MAX_MARGIN = 16_384  # characters behind what can be shown
_MIN_MARGIN = 4 * MIN_BEGINNING_LENGTH * MAX_ESCAPE_LENGTH  # enough to know a secret that begins in what is shown
_NO_VALUES = SecretValues()
_LISTS = (list, tuple)
_CONTAINERS = (dict, list, tuple)
_NO_TEXT = frozenset((bool, int, float, type(None)))  # most values of a request: asked first, as four classes would be


class Redactor:
    """Masks the fields, parameters and headers that a connector declares secret, and the secret values of a call."""

    def __init__(self, fields: Iterable[str] = (), query: Iterable[str] = (), headers: Iterable[str] = ()) -> None:
        self.secret_fields = frozenset(name.lower() for name in fields)
        self.secret_parameters = frozenset(name.lower() for name in query) | _SECRET_PARAMETERS
        self.secret_headers = frozenset(name.lower() for name in headers) | SECRET_HEADERS
        self.known_values = SecretValues()
        self._derived: Redactor | None = None  # the last one with secrets: calls of a connection have the same ones
        self._without_values: Redactor | None = None

    def with_secrets(self, values: Iterable[str]) -> Redactor:
        """Return a redactor that also masks these values, in every encoding in which a service may echo them."""
        new_values = {value for value in values if len(value) >= MIN_SECRET_LENGTH} - self.known_values.values
        if not new_values:
            return self
        known, derived = self.known_values.values | new_values, self._derived
        if derived is None or derived.known_values.values != known:
            derived = self._copy_with(SecretValues(known))
            self._derived = derived
        return derived

    def _copy_with(self, known_values: SecretValues) -> Redactor:
        redactor = copy(self)
        redactor.known_values = known_values
        return redactor

    def __copy__(self) -> Redactor:
        redactor = Redactor.__new__(Redactor)
        redactor.__dict__.update(self.__dict__, _derived=None, _without_values=None)
        return redactor

    def narrow(self, data: Any) -> Redactor:
        """Return the redactor for this JSON data: it looks for known values only if one may be in the texts."""
        if not self.known_values:
            return self
        texts: list[str] = []
        _gather_texts(data, texts)
        if self.known_values.may_be_in(texts):
            return self
        self._without_values = self._without_values or self._copy_with(_NO_VALUES)
        return self._without_values

    def is_secret_field(self, name: str, value: Any = "a text") -> bool:
        """Whether the field of this name is secret, where it holds such a value."""
        return is_secret_member(name, value) or (bool(self.secret_fields) and name.lower() in self.secret_fields)

    def is_secret_parameter(self, name: str) -> bool:
        """Whether the URL parameter of this name is secret."""
        return name.lower() in self.secret_parameters or is_secret_member(name, "a text")

    def is_secret_header(self, name: str) -> bool:
        """Whether the header of this name is secret."""
        return name.lower() in self.secret_headers or is_secret_member(name, "a text")

    def redact_text(self, text: str, max_length: int | None = None) -> str:
        """Return text without secrets for a message: on one line, control characters are escaped."""
        return escape_control_characters(self.mask_text(text, max_length))[:max_length]

    def mask_text(self, text: str, max_length: int | None = None) -> str:
        """Return text without secrets; all that is no secret stays as it is.

        With `max_length` it is shortened to so many characters, after its secrets were masked.
        """
        text = self._cut(text, max_length)
        spans = self.known_values.find(text) if self.known_values else []
        if _MARK.search(text):
            spans += (*self._find_in_urls(text), *names.find_credentials(text))
            spans += (named.span for named in names.find_fields(text, self.is_secret_field))
        return (replace_spans(text, spans) if spans else text)[:max_length]

    def redact_url(self, url: str, max_length: int | None = None) -> str:
        """Return a URL, or text that contains URLs, without secrets."""
        url = self._cut(url, max_length)
        spans = self.known_values.find(url) if self.known_values else []
        if _MARK.search(url):
            spans += self._find_in_urls(url)
        return (replace_spans(url, spans) if spans else url)[:max_length]

    def _cut(self, text: str, max_length: int | None) -> str:
        """Return the window of a text: what can be shown, and so much more that a secret in it is known as one."""
        if max_length is None or len(text) <= max_length:
            return text
        return text[: max_length + min(_MIN_MARGIN + 2 * self.known_values.max_length, _MAX_MARGIN)]

    def _find_in_urls(self, text: str) -> Iterator[Span]:
        yield from names.find_users(text)
        yield from (named.span for named in names.find_parameters(text, self.is_secret_parameter))

    def redact_data(self, data: Any, max_length: int | None = None) -> Any:
        """Return JSON data with secret fields and values masked, texts shortened, and everything else unchanged."""
        if isinstance(data, str):
            return self.mask_text(data, max_length)
        if isinstance(data, dict):
            members = ((str(key), item) for key, item in data.items())
            return {self.mask_text(key, max_length): self.redact_member(key, item, max_length) for key, item in members}
        if isinstance(data, list | tuple):
            return [self.redact_data(item, max_length) for item in data]
        return MASK if self.known_values and str(data) in self.known_values.values else data

    def redact_pairs(self, pairs: Iterable[tuple[str, Any]], max_length: int | None = None) -> list[list[Any]]:
        """Return form pairs without secrets; a name may be nested, as in settings[password]."""
        return [[self.mask_text(name), self.redact_member(last_name(name), item, max_length)] for name, item in pairs]

    def redact_member(self, name: str, item: Any, max_length: int | None = None) -> Any:
        """Return a member of JSON data without secrets."""
        is_secret = item not in (None, "") and self.is_secret_field(name, item)
        return MASK if is_secret else self.redact_data(item, max_length)

    def find_secrets(self, data: Any) -> list[str]:
        """Return the texts of secret fields in JSON data, and of pairs with a secret name."""
        found: list[str] = []
        self._gather_secrets(data, found)
        return found

    def _gather_secrets(self, data: Any, found: list[str]) -> None:
        members = data.items() if isinstance(data, dict) else map(_to_pair, data) if isinstance(data, _LISTS) else ()
        for name, item in members:
            if type(item) in _NO_TEXT:
                continue
            if isinstance(item, str):
                if item and isinstance(name, str) and self._is_secret_text(last_name(name), item):
                    found.append(item)
            elif isinstance(item, _CONTAINERS):
                self._gather_secrets(item, found)

    def _is_secret_text(self, name: str, text: str) -> bool:
        is_declared = (lower := name.lower()) in self.secret_fields or lower in self.secret_parameters
        return is_declared or is_secret_member(name, text)

    def find_secrets_in_text(self, text: str | bytes) -> Iterator[str]:
        """Yield the text of secret fields and parameters in a text body: JSON, a form, or whatever has such."""
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        for find in (names.find_members, names.find_elements):
            yield from (named.value for named in find(text, self.is_secret_field))
        yield from (unquote_plus(named.value) for named in names.find_parameters(text, self.is_secret_parameter))

    def redact_headers(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return headers without secrets."""
        return [
            (name, MASK if self.is_secret_header(name) else self.redact_text(value, _MAX_HEADER_LENGTH))
            for name, value in headers
        ]


def _to_pair(member: Any) -> tuple[Any, Any]:
    """Return a member of a list as a name with a value: itself where it is such a pair, as in a form."""
    is_pair = isinstance(member, tuple) and len(member) == 2 and isinstance(member[0], str)  # noqa: PLR2004
    return member if is_pair else ("", member)


def _gather_texts(data: Any, texts: list[str]) -> None:
    """Add the keys and the values of JSON data, as texts."""
    if isinstance(data, str):
        texts.append(data)
    elif isinstance(data, dict):
        for key, item in data.items():
            texts.append(str(key))
            _gather_texts(item, texts)
    elif isinstance(data, _LISTS):
        for item in data:
            _gather_texts(item, texts)
    else:
        texts.append(str(data))


def redactor_for(connector: Connector) -> Redactor:
    """Return the redactor of a connector, built once."""
    return connector.derive(_build_redactor)


def _build_redactor(connector: Connector) -> Redactor:
    manifest = connector.manifest
    places = [place for kind in manifest.connections.values() for place in kind.secret_places]
    triggers = manifest.triggers.values()
    of_triggers = [place for trigger in triggers for place in trigger.secret_places]
    locations = [place.partition(".") for place in (*places, *of_triggers, *manifest.filled_constants)]
    headers = [name for part, _, name in locations if part == "header"]
    query = [name for part, _, name in locations if part == "query"]
    fields = [place.rpartition(".")[2] for place in of_triggers if place.startswith("body.")]
    return Redactor([*manifest.redact.fields, *fields], [*manifest.redact.query, *query], headers)


@cache
def default_redactor() -> Redactor:
    """Return the redactor for names that are secret in every connector."""
    return Redactor()


def preview(value: Any, *, is_secret: bool = False, redactor: Redactor | None = None) -> str:
    """Return a value as a problem shows it: short, on one line, secrets as ***."""
    if is_secret:
        return MASK
    redactor = redactor or default_redactor()
    try:
        if isinstance(value, bytes):
            text = f"{len(value)} bytes"
        else:
            text = json.dumps(redactor.redact_data(_cut_data(value, _MAX_PREVIEW_LENGTH)), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = describe_type(value)
    text = escape_control_characters(text)
    return text if len(text) <= _MAX_PREVIEW_LENGTH else f"{text[: _MAX_PREVIEW_LENGTH - 3]}..."


def _cut_data(data: Any, max_length: int) -> Any:
    """Return the beginning of JSON data: as many members as can be shown, and the window of each text."""
    if isinstance(data, str):
        return data[: max_length + _MIN_MARGIN]
    if isinstance(data, dict):
        members = islice(data.items(), max_length)
        return {_cut_data(name, max_length): _cut_data(item, max_length) for name, item in members}
    if isinstance(data, list | tuple):
        return [_cut_data(item, max_length) for item in data[:max_length]]
    return data


def describe_type(value: Any) -> str:
    """Name the type of a value, such as `an int`."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"


def escape_control_characters(text: str) -> str:
    """Return a text on one line: what a terminal may obey is escaped, also marks that turn the direction of writing."""
    if text.isprintable():
        return text
    text = text.translate(_CONTROLS)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
