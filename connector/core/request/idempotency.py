"""The idempotency key of a request: a header, a parameter, or a field of the body."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core import url_policy
from connector.core.http_semantics import BODY_METHODS
from connector.core.json_path import get_at
from connector.core.request.body import add_body_fields, join_name

if TYPE_CHECKING:
    from connector.core.request.body import Body
    from connector.core.request.builder import Request
    from connector.definition.action import Action
    from connector.definition.manifest import Idempotency

_FIELD_BODIES = ("json", "form", "multipart")


class KeyedRequest(NamedTuple):
    """A request, and the idempotency key that it has."""

    request: Request
    key: str


def takes_key(action: Action, settings: Idempotency) -> bool:
    """Whether the requests of an action have a place for the key, whatever its inputs: a body must have fields."""
    if settings.location.part != "body":
        return True
    has_whole_body = any(str(field.location) == "body" for field in action.inputs.values())
    return action.method in BODY_METHODS and action.body in _FIELD_BODIES and not has_whole_body


def add_idempotency_key(request: Request, action: Action, settings: Idempotency, key: str) -> KeyedRequest | None:
    """Return the request with a key, or with the one that it has there already; None if it has no place for one.

    Raises InvalidValue for a key that cannot be sent.
    """
    own_key = _find_own_key(request, action, settings)
    if own_key is not None:
        return KeyedRequest(request, own_key)
    location = settings.location
    is_header = location.part == "header"
    name, sent_key = url_policy.check_header(".".join(location.path) if is_header else "Idempotency-Key", key)
    if is_header:
        headers = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
        return KeyedRequest(replace(request, headers=(*headers, (name, sent_key))), sent_key)
    parameter = join_name(location.path, action)
    if location.part == "query":
        query = tuple(pair for pair in request.query if pair[0] != parameter)
        return KeyedRequest(replace(request, query=(*query, (parameter, sent_key))), sent_key)
    if request.body is None and not takes_key(action, settings):
        return None
    own_body = None if request.body is None else _without_field(request.body, parameter)
    body = add_body_fields(action, own_body, [(location.path, sent_key)])
    return None if body is own_body else KeyedRequest(replace(request, body=body), sent_key)


def _find_own_key(request: Request, action: Action, settings: Idempotency) -> str | None:
    """Return the key that the inputs or the caller of a raw request put at its place, or None."""
    location, found = settings.location, None
    name = ".".join(location.path)
    if location.part == "header":
        found = next((value for header, value in request.headers if header.lower() == name.lower()), None)
    elif location.part == "query":
        found = dict(request.query).get(join_name(location.path, action))
    elif request.body is not None and request.body.kind == "json":
        found = get_at(request.body.value, location.path)
    elif request.body is not None and request.body.kind in ("form", "multipart"):
        found = dict(_list_fields(request.body)).get(join_name(location.path, action))
    return None if found is None or found == "" else str(found)


def _list_fields(body: Body) -> list[tuple[str, Any]]:
    """Return the fields of a form or of a multipart body: name and value."""
    return list(body.value) if body.kind == "form" else [(part.name, part.data) for part in body.value]


def _without_field(body: Body, name: str) -> Body:
    """Return a form or multipart body without a field, which is empty; the key would stand beside it."""
    if body.kind not in ("form", "multipart"):
        return body
    kept = [item for item, (key, _) in zip(body.value, _list_fields(body), strict=True) if key != name]
    return body if len(kept) == len(body.value) else replace(body, value=kept)
