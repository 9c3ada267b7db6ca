"""What an API description says: its operations, with their parameters, bodies and replies.

Operations are read one by one. One that cannot be read is among `broken`, with its reason, and stops no other.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.importing.document import ApiDocument, DanglingReferenceError
from connector.authoring.importing.written_examples import find_example
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENT_PLACES = ("path", "query", "header")  # of parameters that an input can go to
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")  # the usual ones come first
_NO_METHODS = ("$ref", "summary", "description", "servers", "parameters", "additionalOperations")  # of a path item
_STYLES = {"path": "simple", "header": "simple"}  # form elsewhere
_SET_BY_OTHERS = ("accept", "content-type", "authorization")  # OpenAPI 3.0.3: such header parameters are ignored


@dataclass(frozen=True, slots=True)
class ApiParameter:
    """A parameter of an operation; `schema` is as written, `ApiDocument.resolve` reads it."""

    name: str
    place: str  # one of SENT_PLACES, cookie, or whatever else the description says
    required: bool = False
    schema: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    example: Any = None
    style: str = "form"
    explode: bool = True


@dataclass(frozen=True, slots=True)
class ApiBody:
    """The body of a request in the one of its content types that is imported."""

    content_type: str
    schema: dict[str, Any]
    required: bool = False
    example: Any = None
    description: str = ""
    encoding: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiReply:
    """A reply: `status` is a code, a range such as 2XX, or default."""

    status: str
    content_type: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    example: Any = None
    headers: dict[str, dict[str, Any]] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: a method of a path. `raw` is what the description has, `document` follows its references."""

    method: str
    path: str
    operation_id: str
    summary: str
    description: str
    tags: tuple[str, ...]
    deprecated: bool
    parameters: tuple[ApiParameter, ...]
    body: ApiBody | None
    replies: dict[str, ApiReply]
    security: tuple[dict[str, tuple[str, ...]], ...] | None
    servers: tuple[str, ...]
    docs: str | None
    raw: dict[str, Any]
    document: ApiDocument

    @property
    def request(self) -> str:
        """The request line: METHOD /path."""
        return f"{self.method} {self.path}"

    @property
    def success(self) -> ApiReply | None:
        """The reply of a success: the first 2xx one, or `default` where there is none."""
        codes = sorted(status for status in self.replies if status[:1] == "2")
        return self.replies[codes[0]] if codes else self.replies.get("default")


class BrokenOperation(NamedTuple):
    """An operation that could not be read, and why."""

    method: str
    path: str
    reason: str
    document: ApiDocument


class Description:
    """Several documents as one description."""

    def __init__(self, documents: tuple[ApiDocument, ...] | list[ApiDocument]) -> None:
        self.documents = tuple(documents)

    @classmethod
    def read(cls, *paths: Path) -> Description:
        """Read the documents of a description. Raises UsageError."""
        return cls([ApiDocument.read(path) for path in paths])

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of all documents, in their order."""
        return self._operations[0]

    @property
    def broken(self) -> tuple[BrokenOperation, ...]:
        """The operations that could not be read."""
        return self._operations[1]

    @cached_property
    def _operations(self) -> tuple[tuple[Operation, ...], tuple[BrokenOperation, ...]]:
        operations: list[Operation] = []
        broken: list[BrokenOperation] = []
        seen: dict[str, str] = {}
        for document in self.documents:
            for path, method, item in _iter_items(document, broken):
                try:
                    operation = read_operation(document, path, method, item)
                except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
                    broken.append(BrokenOperation(method.upper(), path, str(error) or type(error).__name__, document))
                    continue
                if operation.request in seen:
                    reason = f"{seen[operation.request]} has this operation already"
                    broken.append(BrokenOperation(operation.method, path, reason, document))
                    continue
                seen[operation.request] = document.source
                operations.append(operation)
        return tuple(operations), tuple(broken)


def _iter_items(document: ApiDocument, broken: list[BrokenOperation]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and path item of each operation; a path that leads nowhere is added to those broken."""
    paths = document.data.get("paths")
    for path, written in paths.items() if isinstance(paths, dict) else ():
        try:
            item = document.follow_mapping(written)
        except DanglingReferenceError as error:
            broken.append(BrokenOperation("*", str(path), str(error), document))
            continue
        item = {**item, **_mapping(item.get("additionalOperations"))}
        others = (word for word in item if word not in (*METHODS, *_NO_METHODS) and not word.startswith("x-"))
        for method in (*METHODS, *others):
            if isinstance(item.get(method), dict):
                yield str(path), method, item


def read_operation(document: ApiDocument, path: str, method: str, item: dict[str, Any]) -> Operation:
    """Return the operation of a method of a path item. Raises ValueError and the like where it cannot be read."""
    raw = document.follow_mapping(item[method])
    tags = raw.get("tags")
    docs = raw.get("externalDocs")
    return Operation(
        method=method.upper(),
        path=path if path.startswith("/") else f"/{path}",
        operation_id=_to_text(raw.get("operationId")),
        summary=_to_text(raw.get("summary") or item.get("summary")),
        description=_to_text(raw.get("description") or item.get("description")),
        tags=tuple(_to_text(tag) for tag in tags if _to_text(tag)) if isinstance(tags, list) else (),
        deprecated=raw.get("deprecated") is True,
        parameters=tuple(_read_parameters(document, item, raw)),
        body=_read_body(document, raw, method),
        replies=_read_replies(document, raw),
        security=_read_security(document, raw),
        servers=_read_servers(raw, item, document.data),
        docs=_to_text(docs.get("url")) or None if isinstance(docs, dict) else None,
        raw=raw,
        document=document,
    )


def _read_servers(*owners: dict[str, Any]) -> tuple[str, ...]:
    """Return the URLs of the servers of the first that has some: an operation, a path, a document."""
    for owner in owners:
        written = (server.get("url") if isinstance(server, dict) else server for server in _list(owner.get("servers")))
        urls = tuple(filter(None, map(_to_text, written)))
        if urls:
            return urls
    return ()


def _read_security(document: ApiDocument, raw: dict[str, Any]) -> tuple[dict[str, tuple[str, ...]], ...] | None:
    written = raw.get("security", document.data.get("security"))
    if not isinstance(written, list):
        return None
    return tuple(
        {str(name): tuple(map(str, scopes)) if isinstance(scopes, list) else () for name, scopes in option.items()}
        for option in written
        if isinstance(option, dict)
    )


def _read_parameters(document: ApiDocument, item: dict[str, Any], raw: dict[str, Any]) -> Iterator[ApiParameter]:
    parameters: dict[tuple[str, str], ApiParameter] = {}
    for written in (*_list(item.get("parameters")), *_list(raw.get("parameters"))):
        node = document.follow_mapping(written)
        place, name = _to_text(node.get("in")).lower(), _to_text(node.get("name"))
        if not name or (place == "header" and name.lower() in _SET_BY_OTHERS):
            continue
        parameters[place, name] = _read_parameter(document, name, place, node)
    yield from parameters.values()


def _read_parameter(document: ApiDocument, name: str, place: str, node: dict[str, Any]) -> ApiParameter:
    style = _to_text(node.get("style")) or _STYLES.get(place, "form")
    media = next(iter(_mapping(node.get("content")).values()), None)
    schema = _mapping(media).get("schema") if media is not None else node.get("schema")
    return ApiParameter(
        name=name,
        place=place,
        required=node.get("required") is True or place == "path",
        schema=schema if isinstance(schema, dict) else {},
        description=_to_text(node.get("description")),
        example=find_example(document, node if media is None else _mapping(media)),
        style="json" if media is not None else style,
        explode=bool(node.get("explode", style == "form")),
    )


def _read_body(document: ApiDocument, raw: dict[str, Any], method: str) -> ApiBody | None:
    node = document.follow_mapping(raw.get("requestBody"))
    content = document.follow_mapping(node.get("content"))
    if not content:
        return None
    kind = min(content, key=lambda name: (_rank(name), list(content).index(name)))
    media = document.follow_mapping(content[kind])
    schema = media.get("schema") if isinstance(media.get("schema"), dict) else {}
    is_empty = not document.resolve(schema).get("properties") and not media.get("example")
    if method in ("get", "head") and is_empty:
        return None  # some descriptions give each GET an empty form
    return ApiBody(
        content_type=kind,
        schema=schema or {},
        required=node.get("required") is True,
        example=find_example(document, media),
        description=_to_text(node.get("description")),
        encoding=_mapping(media.get("encoding")),
    )


def _rank(content_type: str) -> int:
    """Return how well a content type of a body can be written, from 0 for JSON itself."""
    kind = content_type.partition(";")[0].strip().lower()
    ranks = {"application/json": 0, "application/x-www-form-urlencoded": 3, "multipart/form-data": 4}
    if kind in ranks:
        return ranks[kind]
    if kind.endswith(("+json", "/json")):
        return 2 if "patch" in kind and "merge" not in kind else 1
    return 5 if kind.startswith("text/") else 6


def _read_replies(document: ApiDocument, raw: dict[str, Any]) -> dict[str, ApiReply]:
    replies: dict[str, ApiReply] = {}
    for status, written in _mapping(raw.get("responses")).items():
        with suppress(DanglingReferenceError):  # what is not told of a reply keeps nobody from sending the request
            replies[str(status)] = _read_reply(document, str(status), document.follow_mapping(written))
    return replies


def _read_reply(document: ApiDocument, status: str, node: dict[str, Any]) -> ApiReply:
    content = document.follow_mapping(node.get("content"))
    kind = min(content, key=lambda name: (min(_rank(name), 3), list(content).index(name)), default="")
    media = document.follow_mapping(content.get(kind))
    return ApiReply(
        status=status,
        content_type=kind,
        schema=_mapping(media.get("schema")),
        example=find_example(document, media),
        headers={str(name): document.follow_mapping(header) for name, header in _mapping(node.get("headers")).items()},
        description=_to_text(node.get("description")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _to_text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()
