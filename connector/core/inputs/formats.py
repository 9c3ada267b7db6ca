"""Named checks of texts, each with its own message and clean-up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from connector.core.inputs.coerce import Bad

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3
_URL_DIGITS = re.compile(r"^https?://[^?#]*?/(\d{6,})(?:[/?#]|$)")


def digits(value: str) -> str:
    """Strip spaces and hyphens; tell a link from an id."""
    cleaned = re.sub(r"[\s\u00a0-]", "", value)
    if cleaned.isascii() and cleaned.isdigit():
        return cleaned
    link = _URL_DIGITS.match(value.strip())
    if link:
        raise Bad("digits only", f"this looks like a link; the id in it is {link[1]}")
    raise Bad("digits only", "such as 89347503")


def email(value: str) -> str:
    """Strip spaces around; one @ with something on both sides, no spaces inside."""
    cleaned = value.strip()
    name, at, host = cleaned.rpartition("@")
    if not at or not name or "@" in name or re.search(r"\s", cleaned) or not _host(host):
        raise Bad("an email address", "such as someone@example.com")
    if len(cleaned) > _LONGEST_EMAIL:
        raise Bad(f"an email address of at most {_LONGEST_EMAIL} characters")
    return cleaned


def _host(host: str) -> bool:
    return all(label and not label.startswith("-") for label in host.split("."))


def url(value: str) -> str:
    """An absolute http or https URL."""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value):
        raise Bad("an absolute URL", "begin with https://")
    return value


def timezone(value: str) -> str:
    """A name such as Europe/Paris, or UTC."""
    if re.fullmatch(r"UTC|GMT|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2}", value):
        return value
    raise Bad("the name of a time zone", "such as Europe/Paris or UTC")


def uuid(value: str) -> str:
    """A UUID of 32 hexadecimal digits."""
    try:
        UUID(value)
    except ValueError:
        raise Bad("a UUID", "such as 6f1c9a3e-0f5b-4b44-9d0a-2f9c1b7d8e55") from None
    return value


CHECKS: dict[str, Callable[[str], str]] = {
    "digits": digits, "email": email, "url": url, "timezone": timezone, "uuid": uuid,
}  # fmt: skip
