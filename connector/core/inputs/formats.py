"""String formats: digits, email, URL, host, time zone, UUID. A check returns the clean text or raises InvalidValue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from connector.core.inputs.time_zones import ZONE_NAME, has_zone_data, is_zone, suggest_zone
from connector.core.invalid_value import InvalidValue
from connector.core.url_policy import check_host
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3
_MAX_DIGITS_LENGTH = 4_000  # characters, of a link with digits in it too
_LINK_WITH_ID = prepare_pattern(r"^https?://[^?#]*?/(\d{6,40})(?:[/?#]|$)")


def check_digits(value: str) -> str:
    """Accept digits; strip spaces and hyphens, and point out the id in a link."""
    if len(value) > _MAX_DIGITS_LENGTH:
        raise InvalidValue("digits only", "such as 89347503")
    cleaned = re.sub(r"[\s\u00a0-]", "", value)
    if cleaned.isascii() and cleaned.isdigit():
        return cleaned
    link = _LINK_WITH_ID.match(value.strip())
    if link:
        raise InvalidValue("digits only", f"this looks like a link; the id in it is {link[1]}")
    raise InvalidValue("digits only", "such as 89347503")


def check_email(value: str) -> str:
    """Accept an email address: one @ with text on both sides, without spaces; strip surrounding spaces."""
    cleaned = value.strip()
    local_part, separator, host = cleaned.rpartition("@")
    if not separator or not local_part or "@" in local_part or re.search(r"\s", cleaned) or not _is_host_name(host):
        raise InvalidValue("an email address", "such as someone@example.com")
    if len(cleaned) > _MAX_EMAIL_LENGTH:
        raise InvalidValue(f"an email address of at most {_MAX_EMAIL_LENGTH} characters")
    return cleaned


def _is_host_name(host: str) -> bool:
    return all(label and not label.startswith("-") for label in host.split("."))


def check_url(value: str) -> str:
    """Accept an absolute http or https URL."""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value):
        raise InvalidValue("an absolute URL", "begin with https://")
    return value


def check_timezone(value: str) -> str:
    """Accept a time zone name such as Europe/Paris, or UTC; one that the machine's zone data has, if it has any."""
    if ZONE_NAME.fullmatch(value) and (is_zone(value) or not has_zone_data()):
        return value
    match = suggest_zone(value)
    raise InvalidValue("the name of a time zone", f"did you mean {match}?" if match else "such as Europe/Paris or UTC")


def check_uuid(value: str) -> str:
    """Accept a UUID of 32 hexadecimal digits."""
    try:
        UUID(value)
    except ValueError:
        raise InvalidValue("a UUID", "such as 6f1c9a3e-0f5b-4b44-9d0a-2f9c1b7d8e55") from None
    return value


FORMATS: dict[str, Callable[[str], str]] = {
    "digits": check_digits,
    "email": check_email,
    "url": check_url,
    "host": check_host,
    "timezone": check_timezone,
    "uuid": check_uuid,
}
