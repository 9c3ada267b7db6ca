"""One parameter of a finished request: what stands at its place, and the request with another value there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core.inputs import coerce
from connector.core.invalid_value import InvalidValue
from connector.core.json_path import get_at, set_at
from connector.core.request.body import Body, MultipartPart, encode_body, join_name, to_wire_text
from connector.definition.inputs.request_location import RequestLocation
from connector.errors import UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.definition.action import Action


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter at `query.x` or `body.a.b`; `name` is what a query or form calls it."""

    action: Action
    location: RequestLocation
    name: str

    @classmethod
    def parse(cls, to: str, action: Action) -> Parameter:
        """Read a place as `to:` of an input writes it."""
        location = RequestLocation.parse(to)
        return cls(action, location, join_name(location.path, action) if location.path else "")

    @property
    def is_in_json(self) -> bool:
        """Whether it stands in a JSON body, where a value keeps its type."""
        return self.location.part == "body" and self.action.body == "json"

    def get(self, request: Request) -> Any:
        """Return the value that stands at this place of a request, or None."""
        if self.location.part == "query":
            return next((value for name, value in request.query if name == self.name), None)
        body = request.body
        if body is None:
            return None
        if body.kind == "form":
            return next((value for name, value in body.value if name == self.name), None)
        if body.kind == "multipart":
            return next((part.data for part in body.value if part.name == self.name), None)
        return get_at(_read_json(body), self.location.path)

    def set(self, request: Request, value: Any) -> Request:
        """Return the request with the value at this place, instead of what stands there.

        Raises UsageError when the body has no places.
        """
        if self.location.part == "query":
            others = (pair for pair in request.query if pair[0] != self.name)
            return replace(request, query=(*others, (self.name, to_wire_text(value))))
        return replace(request, body=self._set_in_body(request.body, value))

    def _set_in_body(self, body: Body | None, value: Any) -> Body:
        if body is None:
            return encode_body(self.action, set_at({}, self.location.path, value))
        if body.kind == "form":
            others = [pair for pair in body.value if pair[0] != self.name]
            return replace(body, value=[*others, (self.name, to_wire_text(value))])
        if body.kind == "multipart":
            parts = [part for part in body.value if part.name != self.name]
            return replace(body, value=[*parts, MultipartPart(self.name, to_wire_text(value))])
        data = _read_json(body)
        if not isinstance(data, dict):
            message = f"{self.location} cannot be set: the body is not a JSON object."
            raise UsageError(message, hint="Give the body as JSON, or read one page at a time.")
        return Body("json", set_at(data, self.location.path, value), body.content_type)


def _read_json(body: Body) -> Any:
    """Return the data of a body that is JSON; also of one that was given as text. None for any other."""
    if body.kind == "json":
        return body.value
    if body.kind != "text" or "json" not in (body.content_type or ""):
        return None
    try:
        return coerce.to_json_value(body.value)
    except InvalidValue:
        return None
