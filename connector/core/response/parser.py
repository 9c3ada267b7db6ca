"""Reply -> Result or error; the manifest's meanings first, then one table from status to error."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_jsonable_python

from connector.core import redaction as redact
from connector.core.json_path import dig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector import errors
    from connector.core.request.builder import Request
    from connector.core.response.trace import Records
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.manifest import Errors, Meaning

_CODE = re.compile(r'"(?:code|error)"\s*:\s*(?:"([^"\\]{1,200})"|([0-9]{1,9})\b)')  # a part could be of a secret
_MESSAGE = re.compile(r'"message"\s*:\s*"(.*?)"\s*(?:,\s*"[A-Za-z_]+"\s*:|\}\s*\Z)', re.DOTALL)
_NO_CONTENT = (204, 205)
_LINKS = ("location", "content-location", "refresh")  # headers that may hold a URL with a token in it


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What came back, raw: status, headers (names in lower case), body (decoded)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"<Reply {self.status}: {len(self.body)} bytes>"

    def header(self, name: str) -> str | None:
        """Return a header's value, several joined with commas, or None."""
        found = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True)
class Failure:
    """No whole reply: `kind` as in TransportError, `sent` "nothing" or "maybe", `received` bytes.

    `final` says that trying again cannot help, as with a bad certificate; `doubtful` that it may help once, as with a
    name that is not found.
    """

    kind: str
    message: str
    sent: str = "maybe"
    received: int = 0
    etag: str | None = None
    final: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What a run brought back.

    `data` the service's answer, untouched ({} for no content, bytes for binary); `status`, `headers` (lower-case
    names), `tracking_id`; `attempts` requests that were made; `outcome` always "done"; for listings `complete`
    (nothing is left) and `pages`; `warnings` sentences; `debug` the redacted records of a debugged run.
    """

    data: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    tracking_id: str | None = None
    attempts: int = 1
    outcome: errors.Outcome = "done"
    complete: bool = True
    pages: int = 1
    warnings: tuple[str, ...] = ()
    debug: Records | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-safe data; bytes as base64 text with `encoding` beside it."""
        binary = isinstance(self.data, bytes)
        shown: dict[str, Any] = {
            "data": base64.b64encode(self.data).decode() if binary else _json_safe(self.data),
            "status": self.status,
            "headers": dict(self.headers),
            "tracking_id": self.tracking_id,
            "attempts": self.attempts,
            "outcome": self.outcome,
            "complete": self.complete,
            "pages": self.pages,
            "warnings": list(self.warnings),
        }
        if binary:
            shown["encoding"] = "base64"
        if self.debug is not None:
            shown["debug"] = self.debug.to_list()
        return shown

    def __repr__(self) -> str:
        kind = type(self.data).__name__
        size = len(self.data) if hasattr(self.data, "__len__") else 1
        return f"<Result {self.status} {self.outcome}: {kind} of {size}>"


def _json_safe(data: Any) -> Any:
    """Return data as it is, but a number too large for a float as null: JSON has no word for it."""
    return to_jsonable_python(data, inf_nan_mode="null")


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What an error reply says: the service's code and message, all of its data, what it means."""

    code: str | int | None
    message: str
    data: Any
    means: str | None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the replies of one action."""

    connector: Connector
    action: Action

    def read(self, request: Request, reply: Reply) -> Result | Said:
        """Return the result of a good reply, or what a bad one says."""
        if not 200 <= reply.status < 300:  # noqa: PLR2004  the range of success
            return self.said(reply)
        data = self._data(request, reply)
        if isinstance(data, Said):
            return data
        declared = self.connector.manifest.errors
        if declared.also_in_2xx and isinstance(data, dict):
            code, message = dig(data, declared.code), dig(data, declared.message)
            if code is not None and isinstance(message, str):
                return self.said(reply)
        return self.result(request, reply, data)

    def result(self, request: Request, reply: Reply, data: Any) -> Result:
        """Return a result with the reply's status and headers around data; no cookie is kept, no secret echoed."""
        headers: dict[str, str] = {}
        for name, value in reply.headers:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        for name, value in headers.items():
            if name in redact.HEADERS:
                headers[name] = redact.HIDDEN
            elif name in _LINKS or any(secret in value for secret in request.secrets):
                headers[name] = request.safe.text(value)
        place = self.connector.manifest.errors.tracking
        return Result(data, reply.status, headers, headers.get(place.partition(".")[2].lower()) if place else None)

    def _data(self, request: Request, reply: Reply) -> Any:
        kind = request.reply
        if kind == "binary":
            return _page(reply) or reply.body
        if kind == "text":
            return reply.body.decode("utf-8", "replace")
        if reply.status in _NO_CONTENT or request.method == "HEAD":
            return {}
        if not reply.body and (kind == "none" or reply.status != 200):  # noqa: PLR2004  201 and 202 may say nothing
            return {}
        return _page(reply) or _json(reply)

    def said(self, reply: Reply) -> Said:
        """Return what an error reply says, secrets included. Never raises: a broken body is searched as text."""
        declared = self.connector.manifest.errors
        data: Any = _json(reply)
        if isinstance(data, dict):
            code, message = dig(data, declared.code), str(dig(data, declared.message) or "")
            message = " ".join([message, *_field_messages(dig(data, declared.fields))]).strip()
        else:
            text = reply.body.decode("utf-8", "replace")
            code, message, data = _found(_CODE, text), _found(_MESSAGE, text) or " ".join(text.split()), text or None
        code = _plain_code(code)
        meaning = _meaning(declared, reply, code, message)
        scopes = _scopes(meaning, message) if meaning else ()
        return Said(code, message, data, meaning.is_ if meaning else None, scopes)


def _page(reply: Reply) -> Said | None:
    """A web page in place of data: a login form, a firewall's notice."""
    kind = (reply.header("content-type") or "").split(";")[0].strip().lower()
    if "html" not in kind:
        return None
    return Said(None, f"unexpected content type {kind}", reply.body[:2000].decode("utf-8", "replace"), "unreadable")


def _json(reply: Reply) -> Any:
    """Read a body as JSON; one that ends too early, and only with the connection, was cut on the way."""
    try:
        return from_json(reply.body.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        delimited = reply.header("content-length") or reply.header("transfer-encoding")
        cut = "EOF" in str(error) and not delimited
        why = f"the reply is not JSON: {_reason(error)}" if reply.body else "the reply is empty where JSON was expected"
        return Said(None, why, None, "cut" if cut else "unreadable")


def _plain_code(code: Any) -> str | int | None:
    """Return a code as a number where it is one, else as a text."""
    if code is None or (isinstance(code, int) and not isinstance(code, bool)):
        return code
    text = str(code)  # cut only where it is shown, when what is secret in it was hidden
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else text


def _reason(error: BaseException) -> str:
    return re.sub(r"[^ -~]", "?", str(error))[:120]


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return next(filter(None, match.groups()), None) if match else None


def _field_messages(fields: Any) -> list[str]:
    """Return the messages of single fields: a list of {field, message}, or of texts; or the one field's name."""
    listed = [fields] if isinstance(fields, str) else fields if isinstance(fields, list) else []
    shown = []
    for one in listed[:20]:
        if isinstance(one, dict):
            name, said = one.get("field") or one.get("param"), one.get("message") or one.get("code")
            shown.append(f"[{name}: {said}]" if name else f"[{said}]")
        elif isinstance(one, str):
            shown.append(f"[{one}]")
    return shown


def _meaning(declared: Errors, reply: Reply, code: Any, message: str) -> Meaning | None:
    return next((one for one in declared.means if _matches(one, reply, code, message)), None)


def _matches(meaning: Meaning, reply: Reply, code: Any, message: str) -> bool:
    if meaning.status is not None and reply.status not in _many(meaning.status):
        return False
    if meaning.code is not None and str(code) not in map(str, _many(meaning.code)):
        return False
    if meaning.message is not None and meaning.message.lower() not in message.lower():
        return False
    if meaning.header is not None:
        name, _, wanted = meaning.header.partition("=")
        value = reply.header(name)
        return value is not None and (not wanted or value == wanted)
    return True


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _scopes(meaning: Meaning, message: str) -> tuple[str, ...]:
    match = re.search(meaning.names, message) if meaning.names else None
    return tuple(re.findall(r"[\w:.-]+", match[1])) if match else ()


__all__ = ["Failure", "Reader", "Reply", "Result", "Said"]
