"""Token requests as they may be written, and token replies as a connection type reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from connector.core.json_path import get_at, set_at, set_at_path
from connector.definition.json_path import parse_path
from connector.sandbox.http.body_parser import CONTENT_TYPES, BadBody, parse_form_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.definition.connection_type import ConnectionType
    from connector.sandbox.http.request import SandboxRequest


def parse_parameters(request: SandboxRequest) -> Iterable[tuple[str, str]]:
    """Return the parameters of a token request, a form or JSON. Raises BadBody."""
    if request.content_type != CONTENT_TYPES["json"]:
        return parse_form_pairs(request)
    try:
        data = from_json(request.body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise BadBody("body", "Expected a JSON object.")
    return [(name, str(value)) for name, value in data.items()]


def shape_reply(
    connection_types: Iterable[ConnectionType], reply: Mapping[str, Any], base_url: str | None
) -> dict[str, Any]:
    """Return a token reply with the token, and the account's base URL, wherever one of the types reads them."""
    given = {key: value for key, value in reply.items() if value is not None}
    token = given.pop("access_token")
    shaped: dict[str, Any] = {}
    for connection_type in connection_types:
        *holder_names, name = parse_path(connection_type.token_field)
        holder = get_at(shaped, holder_names) or {}
        shaped = set_at(shaped, holder_names, {**holder, **given, name: token})
        if connection_type.base_url_from is not None and base_url is not None:
            shaped = set_at_path(shaped, connection_type.base_url_from, base_url)
    return shaped
