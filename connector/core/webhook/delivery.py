"""A delivery as it arrived, and what a trigger reads from its headers and its URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from connector.core.json_path import get_at
from connector.core.webhook.errors import build_webhook_error
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.definition.json_path import DeliveryPlace

MAX_HEADER_LENGTH = 4096
MAX_QUERY_LENGTH = 8192  # characters
Headers = Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]


class Delivery(NamedTuple):
    """A request of the service: `url` is the one that it was sent to, as the service knows it, with the query."""

    headers: Headers
    body: bytes
    method: str = "POST"
    url: str = ""


class ReceivedDelivery(NamedTuple):
    """A delivery whose headers are selected by lower-case name, and whose query is parsed where it is read."""

    headers: Mapping[str, list[str]]
    query: Mapping[str, list[str]]
    body: bytes
    method: str
    url: str
    data: Any = None  # None until the body is parsed

    def get_header(self, name: str) -> str:
        """Return the value of a header that appears once. Raises WebhookError."""
        values = self.headers.get(name.lower(), [])
        if len(values) != 1 or len(values[0]) > MAX_HEADER_LENGTH:
            problem = "is missing" if not values else "appears twice" if len(values) > 1 else "is too long"
            raise build_webhook_error("unsigned", f"The header {name} {problem}.")
        return values[0].strip()

    def read(self, place: DeliveryPlace, data: Any = None) -> Any:
        """Return the value at a place, of `data` if it is in the body; None if it is missing or appears twice."""
        if place.header is None and place.query is None:
            return get_at(self.data if data is None else data, place.segments)
        named = self.headers.get(place.header, []) if place.header else self.query.get(place.query or "", [])
        return named[0] if len(named) == 1 else None


def select_headers(headers: Headers, names: Mapping[str | bytes, str]) -> dict[str, list[str]]:
    """Return all values of the headers with these names, by lower-case name. Raises UsageError."""
    items = getattr(headers, "items", None)
    pairs: Any = headers if items is None else items()
    values: dict[str, list[str]] = {}
    try:
        for name, value in pairs:
            header_name = names.get(name.lower())
            if header_name is not None:  # servers pass values as text or bytes (RFC 9110, 5.5)
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                values.setdefault(header_name, []).append(text)
    except (TypeError, ValueError, AttributeError):
        hint = "Pass them as the server provides them."
        raise UsageError("The headers must be a mapping or pairs.", hint=hint) from None
    return values


def parse_query(url: str) -> dict[str, list[str]]:
    """Return all values of the parameters in a URL's query; none of a query that is not one."""
    query = url.partition("#")[0].partition("?")[2]  # the rest may be what a sender wrote as its Host, and no URL
    if not query or len(query) > MAX_QUERY_LENGTH:
        return {}
    values: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(query, keep_blank_values=True, errors="strict"):
            values.setdefault(name, []).append(value)
    except ValueError:
        return {}
    return values


def add_query(url: str, parameters: Mapping[str, str]) -> str:
    """Return a URL with more parameters in its query."""
    if not parameters:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
