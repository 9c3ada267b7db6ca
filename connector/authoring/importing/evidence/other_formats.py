"""What a file is that is no OpenAPI description, so that a refusal can say so."""

from __future__ import annotations

import re
from typing import Any

_MOST_TEXT = 2000  # the beginning of a file, which tells what it is
_BY_TEXT = (
    (r"<!doctype html|<html\b", "a web page, as a link to a viewer or a sign-in leads to"),
    (r"<\?xml[^>]*>\s*<(\w+:)?definitions\b|<(\w+:)?definitions\b", "a WSDL description"),
    (r"<\?xml|<\w", "an XML document"),
    (r"#%raml", "a RAML description"),
    (r"format:\s*1a\b", "an API Blueprint"),
    (r"(schema|type|interface|scalar|directive|extend|input|enum|union)\b[^:\n]*\{", "a GraphQL schema"),
    (r"(\W*\d{3}\W+)?(not found|unauthori[sz]ed|forbidden|bad request)\b", "the reply of a failed download"),
)  # fmt: skip
_BY_KEY = (
    ("asyncapi", "an AsyncAPI description"),
    ("swaggerVersion", "a description of Swagger 1"),
    ("overlay", "an OpenAPI overlay, which changes another description"),
    ("arazzo", "an Arazzo description, of workflows"),
    ("discoveryVersion", "a Google discovery document"),
    ("__export_format", "an Insomnia export"),
    ("__schema", "a GraphQL schema"),
    ("raml", "a RAML description"),
    ("$schema", "a JSON Schema"),
)


def name_text(text: str) -> str | None:
    """Return what a text is by how it begins; None where it says nothing."""
    start = text[:_MOST_TEXT].lstrip()
    return next((name for pattern, name in _BY_TEXT if re.match(pattern, start, re.IGNORECASE)), None)


def name_data(data: Any) -> str | None:
    """Return what the data of a file is by its members; None where they say nothing."""
    if not isinstance(data, dict):
        return None
    info, log, inner = (_mapping(data.get(word)) for word in ("info", "log", "data"))
    if "getpostman.com" in str(info.get("schema")) or {"_postman_id", "item"} & info.keys():
        return "a Postman collection"
    if "entries" in log:
        return "a HAR file, of recorded requests"
    if "__schema" in inner:
        return "a GraphQL schema"
    if data.get("message") == "Not Found":
        return "the reply of a failed download"
    return next((name for key, name in _BY_KEY if key in data), None)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
