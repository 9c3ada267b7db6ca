"""Build requests from checked values; the only module that interprets `to:` locations."""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode

from connector.core import redaction
from connector.core.inputs import coerce
from connector.core.inputs.objects import find_secrets
from connector.core.invalid_value import InvalidValue
from connector.core.request.body import Body, encode_list, encode_pairs, redact_body, to_wire_text
from connector.core.request.body_builder import compile_body
from connector.core.request.file_facts import describe_file
from connector.core.request.fixed import fixed
from connector.core.url_policy import check_header, encode_path_segment
from connector.definition.inputs.request_location import RequestLocation
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.core.inputs.coerce import Values
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.manifest import Subaccounts

Pairs = tuple[tuple[str, str], ...]


def add_query(target: str, parameters: Pairs) -> str:
    """Return a URL, or its path, with more parameters; that of a redirect or a download may have some already."""
    if not parameters:
        return target
    return f"{target}{'&' if '?' in target else '?'}{urlencode(parameters)}"


@fixed
class Request:
    """A request: `method`, `path` below the base URL, `query`, `headers`, `body`. Its repr holds no secrets."""

    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: Body | None = None
    reply_type: str = "json"
    base_url: str = ""
    max_bytes: int | None = None  # limit of a decoded reply
    attempt_timeout: float | None = None
    secrets: tuple[str, ...] = ()
    redactor: redaction.Redactor = field(default_factory=redaction.default_redactor, compare=False)
    redirect_urls: tuple[str, ...] = ()  # the URLs that redirected here
    sends_credential: bool = True  # whether the credential is sent along
    may_leave_hosts: bool = False  # whether a redirect may lead to a host that must not see the credential
    allowed_hosts: tuple[str, ...] | None = None  # the connection's, where they are not the manifest's
    read_only: bool = False  # whether it changes nothing, by its definition
    keeps_url: bool = False  # whether it goes where it says, whatever base URL the token names
    upload_url: str | None = None  # where the reply has a URL that takes a file, and is a secret therefore

    @property
    def request_target(self) -> str:
        """Path and query, as sent."""
        return add_query(self.path, self.query)

    @property
    def url(self) -> str:
        """The whole URL, secrets included."""
        return self.base_url + self.request_target

    @property
    def full_redactor(self) -> redaction.Redactor:
        """The redactor for this request: masks `secrets`, and values in secret fields, headers and parameters."""
        redactor, value = self.redactor, self.body.value if self.body else None
        if self.body is not None and self.body.kind == "multipart":
            value = [(part.name, part.data) for part in self.body.value]
        in_path = parse_qsl(self.path.partition("?")[2]) if "?" in self.path else ()
        found = redactor.find_secrets([*self.query, *in_path, value])
        in_text = redactor.find_secrets_in_text(value) if isinstance(value, str | bytes) else ()
        header_values = (value for name, value in self.headers if redactor.is_secret_header(name))
        return redactor.with_secrets((*self.secrets, *header_values, *found, *in_text))

    def with_credential(self, secret: str, base_url: str | None) -> Request:
        """Return the request with its credential's secret, to mask it, and the base URL that the token names."""
        # every call makes one, and `dataclasses.replace` takes 3 microseconds more
        secrets = self.secrets if secret in self.secrets else (*self.secrets, secret)
        return Request(
            self.method,
            self.path,
            self.query,
            self.headers,
            self.body,
            self.reply_type,
            self.base_url if self.keeps_url or not base_url else base_url,
            self.max_bytes,
            self.attempt_timeout,
            secrets,
            self.redactor,
            self.redirect_urls,
            self.sends_credential,
            self.may_leave_hosts,
            self.allowed_hosts,
            self.read_only,
            self.keeps_url,
            self.upload_url,
        )

    def ensure_replayable(self) -> None:
        """Raise UsageError when the body is a stream that cannot be sent again."""
        if self.body is not None and self.body.is_single_use:
            hint = "Pass bytes or a seekable file, which can be sent again."
            raise UsageError("The request must be sent again, but its stream was consumed.", hint=hint)

    def to_dict(self) -> dict[str, Any]:
        """Return the request as JSON-safe data without secrets: method, url, headers, body."""
        return self.describe()

    def describe(self, max_length: int | None = None) -> dict[str, Any]:
        """Return the request as `to_dict` does, with each text in it shortened to so many characters."""
        redactor = self.full_redactor
        data = {
            "method": self.method,
            "url": redactor.redact_url(self.url, max_length),
            "headers": dict(redactor.redact_headers(self.headers)),
        }
        if self.body is not None:
            data["body"] = redact_body(self.body, redactor, max_length)
        return data

    def __repr__(self) -> str:
        data = self.to_dict()
        body = f", body={data['body']!r}" if "body" in data else ""
        return f"<Request {data['method']} {data['url']}{body}>"

    __str__ = __repr__


class RequestBuilder(Protocol):
    """Builds a request from checked values, a base URL and the connection's secrets."""

    def __call__(self, values: Values, base_url: str = "", secrets: tuple[str, ...] = ()) -> Request:
        """Return the request. Raises InputError for problems that only the whole request shows."""
        ...


def compile_request(connector: Connector, action: Action) -> RequestBuilder:
    """Compile the request builder of an action with a request line."""
    constant_values = {**connector.manifest.plain_constants, **action.constants}
    constants = [(RequestLocation.parse(location_text), value) for location_text, value in constant_values.items()]
    locations = {key: input_field.location for key, input_field in action.inputs.items()}
    additions = _list_additions(action)
    locations |= {addition.name: addition.location for addition in additions}
    if action.upload is not None:
        locations |= {word: RequestLocation.parse(place) for word, place in action.upload.facts.items()}
    build_path = _compile_path(action)
    build_query = _compile_query(action, locations, constants)
    build_headers = _compile_headers(locations, constants)
    build_body = compile_body(action, locations, constants)
    header_names = [
        location.path[0]
        for location in (*(to for to, _ in constants), *locations.values())
        if location.part == "header" and location.path
    ]
    secret_fields = [(key, input_field) for key, input_field in action.inputs.items() if input_field.secret]
    method, redactor = action.method, redaction.redactor_for(connector)
    reply_type, max_bytes = action.returns.type, action.returns.max_bytes

    upload_url = action.upload.url if action.upload is not None else None
    sets_content_type = any(name.lower() == "content-type" for name in header_names)

    def build(values: Values, base_url: str = "", secrets: tuple[str, ...] = ()) -> Request:
        given_secrets: list[str] = []
        for key, input_field in secret_fields:
            given_secrets += find_secrets(input_field, values.get(key), key)
        if additions:
            added = {one.name: one.value for one in additions if values.get(one.key) is not None}
            values = {**values, **added}
        if action.upload is not None:
            values = {**values, **describe_file(action, values)}
        request = Request(
            method,
            build_path(values),
            build_query(values),
            build_headers(values),
            build_body(values),
            reply_type,
            base_url,
            max_bytes,
            None,
            (*given_secrets, *secrets),
            redactor,
            read_only=action.read_only,
            upload_url=upload_url,
        )
        return apply_content_type(request) if sets_content_type else request

    return build


class _Addition(NamedTuple):
    """A constant that goes beside an input: the input's key, a name that no input has, its place and value."""

    key: str
    name: str
    location: RequestLocation
    value: Any


def _list_additions(action: Action) -> list[_Addition]:
    return [
        _Addition(key, f"{key} adds {place}", RequestLocation.parse(place), value)
        for key, field in action.inputs.items()
        for place, value in field.adds.items()
    ]


def apply_content_type(request: Request) -> Request:
    """Let a Content-Type among the headers replace the body's own, so that one is sent."""
    content_type = next((value for name, value in request.headers if name.lower() == "content-type"), None)
    if content_type is None or request.body is None:
        return request
    other_headers = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
    is_multipart = request.body.kind == "multipart"  # whose boundary only the HTTP library knows
    body = request.body if is_multipart else replace(request.body, content_type=content_type)
    return replace(request, headers=other_headers, body=body)


def apply_subaccount(request: Request, subaccounts: Subaccounts, account: str) -> Request:
    """Return the request for a sub-account: with the manifest's path prefix or header. Raises InvalidValue."""
    account = coerce.to_text(account)
    if account.strip() in ("", ".", ".."):
        raise InvalidValue("the id of an account")
    if subaccounts.header:
        return replace(request, headers=(*request.headers, check_header(subaccounts.header, account)))
    prefix = re.sub(r"\{[^{}]*\}", lambda _: encode_path_segment(account), subaccounts.prefix)
    return replace(request, path=prefix + request.path)


def _compile_path(action: Action) -> Callable[[Values], str]:
    keys_by_name = {
        input_field.location.path[0]: key
        for key, input_field in action.inputs.items()
        if input_field.location.part == "path"
    }
    uuid_keys = {key for key, input_field in action.inputs.items() if input_field.encode == "uuid"}
    beginning, *pieces = re.split(r"\{([^{}]*)\}", action.path)
    keys = [keys_by_name[name] for name in pieces[::2]]
    segments = [(key, key in uuid_keys, literal) for key, literal in zip(keys, pieces[1::2], strict=True)]

    def build(values: Values) -> str:
        path = beginning
        for key, twice, literal in segments:
            path += encode_path_segment(to_wire_text(values[key]), twice=twice) + literal
        return path

    return build


def _compile_headers(
    locations: Mapping[str, RequestLocation], constants: list[tuple[RequestLocation, Any]]
) -> Callable[[Values], Pairs]:
    constant_pairs = tuple(
        (".".join(location.path), to_wire_text(value)) for location, value in constants if location.part == "header"
    )
    return _compile_pairs(
        "header", locations, constant_pairs, lambda path, value: encode_list(".".join(path), value, "comma")
    )


def _compile_query(
    action: Action, locations: Mapping[str, RequestLocation], constants: list[tuple[RequestLocation, Any]]
) -> Callable[[Values], Pairs]:
    constant_pairs = tuple(
        pair
        for location, value in constants
        if location.part == "query"
        for pair in encode_pairs(location.path, value, action)
    )
    return _compile_pairs("query", locations, constant_pairs, lambda path, value: encode_pairs(path, value, action))


def _compile_pairs(
    part: str,
    locations: Mapping[str, RequestLocation],
    constant_pairs: Pairs,
    encode: Callable[[tuple[str, ...], Any], Iterable[tuple[str, str]]],
) -> Callable[[Values], Pairs]:
    """Compile the pairs of a part; constants come first."""
    members = [(location.path, key) for key, location in locations.items() if location.part == part]
    if not members:
        return lambda _: constant_pairs

    def build(values: Values) -> Pairs:
        given = [(path, values[key]) for path, key in members if key in values]
        return (*constant_pairs, *(pair for path, value in given for pair in encode(path, value)))

    return build
