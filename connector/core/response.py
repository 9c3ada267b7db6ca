"""Reply -> Result or error; the manifest's meanings first, then one table from status to error."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from connector import errors
from connector.core import redact, waits
from connector.core.convert import DEEPEST
from connector.core.look_up import dig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.debug import Records
    from connector.core.request import Request
    from connector.definition.action import Action
    from connector.definition.load import Connector
    from connector.definition.manifest import Errors, Meaning

_CODE = re.compile(r'"(?:code|error)"\s*:\s*"?([A-Za-z0-9_.-]{1,40})"?')
_MESSAGE = re.compile(r'"message"\s*:\s*"(.*?)"\s*[,}]', re.DOTALL)
_LONGEST_SAID = 500
_LONGEST_TEXT = 200
_NO_CONTENT = (204, 205)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, raw: status, headers (names in lower case), body (decoded)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value, several joined with commas, or None."""
        found = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True)
class Failure:
    """No whole reply: `kind` as in TransportError, `sent` "nothing" or "maybe", `received` bytes.

    `final` says that trying again cannot help: a bad certificate, a name that does not exist.
    """

    kind: str
    message: str
    sent: str = "maybe"
    received: int = 0
    etag: str | None = None
    final: bool = False


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
            "data": base64.b64encode(self.data).decode() if binary else self.data,
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


@dataclass(frozen=True, slots=True)
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
        return self.result(reply, data)

    def result(self, reply: Reply, data: Any) -> Result:
        """Return a result with the reply's status and headers around data."""
        return Result(data, reply.status, dict(reply.headers), self.tracking(reply))

    def tracking(self, reply: Reply) -> str | None:
        """Return the service's own id of a reply."""
        place = self.connector.manifest.errors.tracking
        return reply.header(place.partition(".")[2]) if place else None

    def _data(self, request: Request, reply: Reply) -> Any:
        kind = request.reply
        if kind == "binary":
            return self._unless_page(reply) or reply.body
        if kind == "text":
            return reply.body.decode("utf-8", "replace")
        if reply.status in _NO_CONTENT or request.method == "HEAD":
            return {}
        if not reply.body:
            bodiless = kind == "none" or reply.status != 200  # noqa: PLR2004  201 and 202 may say nothing
            return {} if bodiless else _unreadable("the reply is empty where JSON was expected")
        return self._unless_page(reply) or _json(reply.body)

    def _unless_page(self, reply: Reply) -> Said | None:
        """A web page in place of data: a login form, a firewall's notice."""
        kind = (reply.header("content-type") or "").split(";")[0].strip().lower()
        if "html" not in kind:
            return None
        text = redact.of(self.connector).text(reply.body[:2000].decode("utf-8", "replace"))
        return _unreadable(f"unexpected content type {kind}: {text[:_LONGEST_TEXT]}")

    def said(self, reply: Reply) -> Said:
        """Return what an error reply says. Never raises: a broken body is searched as text."""
        declared = self.connector.manifest.errors
        safe = redact.of(self.connector)
        data: Any = _json(reply.body) if reply.body else None
        if isinstance(data, Said) or not isinstance(data, dict):
            text = reply.body.decode("utf-8", "replace")
            code: Any = _found(_CODE, text)
            message = _found(_MESSAGE, text) or " ".join(text.split())[:_LONGEST_TEXT]
            data = safe.text(text[:_LONGEST_SAID]) if text else None
        else:
            code, message = dig(data, declared.code), str(dig(data, declared.message) or "")
            message = " ".join([message, *_field_messages(dig(data, declared.fields))]).strip()
            data = safe.data(data)
        code = int(code) if isinstance(code, str) and code.isdigit() and len(code) < 10 else code  # noqa: PLR2004
        message = safe.text(message)[:_LONGEST_SAID]
        meaning = _meaning(declared, reply, code, message)
        scopes = _scopes(meaning, message) if meaning else ()
        return Said(code, message, data, meaning.is_ if meaning else None, scopes)


def _json(body: bytes) -> Any:
    try:
        return from_json(body.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        return _unreadable(f"the reply is not JSON: {_reason(error)}")


def _reason(error: BaseException) -> str:
    return re.sub(r"[^ -~]", "?", str(error))[:120]


def _unreadable(why: str) -> Said:
    return Said(None, why, None, "unreadable")


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None


def _field_messages(fields: Any) -> list[str]:
    """Return the messages of single fields: a list of {field, message}, or of texts."""
    if not isinstance(fields, list):
        return []
    shown = []
    for one in fields[:20]:
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


def error_of(reader: Reader, request: Request, reply: Reply, said: Said, now: float) -> errors.ConnectorError:
    """Return the typed error of a reply that is no result; `now` is epoch seconds."""
    safe = request.safe
    facts: dict[str, Any] = {
        "status": reply.status,
        "code": said.code,
        "tracking_id": reader.tracking(reply),
        "hint": _hint(reader, said),
    }
    message = safe.text(said.message)
    if said.means == "scope" or (said.means in ("token", None) and reply.status == 401):  # noqa: PLR2004
        return _sign_in(reader, said, message, facts)
    shown = safe.data(said.data)
    result = replace(reader.result(reply, shown), outcome="rejected", headers=dict(safe.headers(reply.headers)))
    if said.means == "cursor":
        hint = "Begin the listing again; a cursor lives for a short while only."
        return errors.PageError(f"The service no longer knows the cursor: {message}", hint=hint)
    at = waits.at(reply, now) if said.means != "daily" else waits.at(reply, now) or waits.next_midnight(now)
    kind, retryable = _kind(said, reply.status)
    text = _sentence(request, reply.status, said, message)
    outcome: errors.Outcome = "uncertain" if _uncertain(reader.action, request, reply, said) else "rejected"
    moment: datetime | None = (
        waits.moment(at) if at and issubclass(kind, errors.RateLimited | errors.ServiceDown) else None
    )
    return kind(text, message=message, result=result, retryable=retryable, retry_at=moment, outcome=outcome, **facts)


def _kind(said: Said, status: int) -> tuple[type[errors.ApiError], bool]:
    if said.means == "unreadable":
        return errors.ServiceDown, False
    if said.means in ("daily", "busy", "rate") or status == 429:  # noqa: PLR2004
        return errors.RateLimited, True
    if said.means == "not_found" or status in (404, 410):
        return errors.NotFound, False
    if status == 403:  # noqa: PLR2004
        return errors.Denied, False
    if status >= 500:  # noqa: PLR2004
        return errors.ServiceDown, True
    return errors.Rejected, status in (408, 425)


def _uncertain(action: Action, request: Request, reply: Reply, said: Said) -> bool:
    """Whether a write may have happened: its reply says 5xx, or cannot be read."""
    if not is_write(action, request):
        return False
    if said.means == "unreadable":
        return True
    return reply.status >= 500 and not (reply.status == 503 and reply.header("retry-after"))  # noqa: PLR2004


def is_write(action: Action, request: Request) -> bool:
    """Whether sending a request twice could do a thing twice."""
    return request.method in ("POST", "PATCH") if action.is_raw else action.is_write


def _sentence(request: Request, status: int, said: Said, message: str) -> str:
    if said.means == "unreadable":
        return f"{request.method} {request.safe.url(request.path)}: HTTP {status}, {message}."
    code = f", code {said.code}" if said.code is not None and said.code != status else ""
    where = f"{request.method} {request.safe.url(request.path)}"
    return f"The service refused {where}: HTTP {status}{code}: {message or 'no reason given'}"


def _hint(reader: Reader, said: Said) -> str:
    return reader.connector.manifest.errors.hints.get(str(said.code), "")


def _sign_in(reader: Reader, said: Said, message: str, facts: dict[str, Any]) -> errors.SignInError:
    if said.means == "scope":
        wanted = said.scopes or tuple(reader.action.scopes.granular)
        any_of = f" Any of these is enough: {', '.join(reader.action.scopes.granular)}." if wanted else ""
        hint = f"Add {', '.join(wanted) or 'the scope'} to the app, then connect again.{any_of}"
        text = f"The connection lacks a scope for {reader.action.action}: {message}"
        return errors.SignInError(text, scopes=wanted, outcome="rejected", **{**facts, "hint": hint})
    hint = "The access token is wrong, expired or revoked: connect again, or give a fresh one."
    return errors.SignInError(
        f"The service does not accept the token: {message}", outcome="rejected", **{**facts, "hint": hint}
    )


def lost(action: Action, request: Request, failure: Failure) -> errors.TransportError:
    """Return the typed error of a request that nobody answered."""
    maybe = failure.sent == "maybe"
    uncertain = maybe and is_write(action, request)
    hint = _LOST_HINTS.get(failure.kind, "")
    if uncertain:
        hint = "It may have been done: look before you repeat it."
    outcome: errors.Outcome = "uncertain" if uncertain else "rejected" if maybe else "not_sent"
    where = f"{request.method} {request.safe.url(request.base + request.path)}"
    retryable = not failure.final and not uncertain
    message = f"{where}: {request.safe.text(failure.message)}."
    return errors.TransportError(message, kind=failure.kind, hint=hint, outcome=outcome, retryable=retryable)


_LOST_HINTS = {
    "dns": "Check the host of the base URL, and the network.",
    "tls": "The certificate is not trusted; verification cannot be switched off. Check the host and SSL_CERT_FILE.",
    "refused": "Nothing listens there. Check the base URL, and whether the service is up.",
}

Read = "Callable[[Request, Reply], Result | Said]"
__all__ = ["DEEPEST", "Failure", "Reader", "Reply", "Result", "Said", "error_of", "is_write", "lost"]
