"""Parse replies into results, or into error details by the manifest's error rules."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_jsonable_python

from connector.core import redaction
from connector.core.json_path import get_at_path
from connector.core.linear_regex import LinearRegex
from connector.core.response import broken_json
from connector.core.secrets.values import SecretValues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector import errors
    from connector.core.request.builder import Request
    from connector.core.response.trace import Trace
    from connector.definition.action import Action
    from connector.definition.error_format import ErrorFormat, ErrorRule
    from connector.definition.loader import Connector

MAX_PAGE_BYTES = 65_536
_SUCCESS = range(200, 300)
_MAX_NAMES_LENGTH = 2_000  # characters of a message that are searched for names
_NO_CONTENT_STATUSES = (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT)
_URL_HEADERS = ("location", "content-location", "refresh")  # headers that may hold a URL with a token in it


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """A raw reply: status, headers (lower-case names) and decoded body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"<Reply {self.status}: {len(self.body)} bytes>"

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success, 200 to 299."""
        return self.status in _SUCCESS

    def header(self, name: str) -> str | None:
        """Return a header's value, several joined with commas, or None."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without a complete reply: `kind` as in TransportError, `sent` "nothing" or "maybe", `received` bytes.

    `final` means that a retry cannot help, as with a bad certificate; `retry_once` that one retry may help, as with a
    host name that is not found.
    """

    kind: str
    message: str
    sent: str = "maybe"
    received: int = 0
    etag: str | None = None
    final: bool = False
    retry_once: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """The result of a call.

    `data` is the service's answer, unchanged ({} for no content, bytes for binary); `status`, `headers` (lower-case
    names) and `request_id` are those of the last reply; `attempts` counts the requests sent; `outcome` is "done". For
    listings, `complete` says whether nothing is left and `pages` counts the pages. `warnings` are sentences; `debug`
    is the redacted trace of a debugged call.
    """

    data: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None
    attempts: int = 1
    outcome: errors.Outcome = "done"
    complete: bool = True
    pages: int = 1
    warnings: tuple[str, ...] = ()
    debug: Trace | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-safe data; bytes as base64 text with `encoding` with it."""
        is_binary = isinstance(self.data, bytes)
        fields: dict[str, Any] = {
            "data": base64.b64encode(self.data).decode() if is_binary else _to_json_safe(self.data),
            "status": self.status,
            "headers": dict(self.headers),
            "request_id": self.request_id,
            "attempts": self.attempts,
            "outcome": self.outcome,
            "complete": self.complete,
            "pages": self.pages,
            "warnings": list(self.warnings),
        }
        if is_binary:
            fields["encoding"] = "base64"
        if self.debug is not None:
            fields["debug"] = self.debug.to_list()
        return fields

    def __repr__(self) -> str:
        type_name = type(self.data).__name__
        size = len(self.data) if hasattr(self.data, "__len__") else 1
        return f"<Result {self.status} {self.outcome}: {type_name} of {size}>"


def _to_json_safe(data: Any) -> Any:
    """Return JSON-safe data; a number too large for a float becomes null."""
    return to_jsonable_python(data, inf_nan_mode="null")


@dataclass(frozen=True, slots=True, repr=False)
class ErrorDetails:
    """Details of an error reply: code, message, all data, category by the error rules, and missing scopes."""

    code: str | int | None
    message: str
    data: Any
    category: str | None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseParser:
    """Parses the replies of one action."""

    connector: Connector
    action: Action

    def parse(self, request: Request, reply: Reply) -> Result | ErrorDetails:
        """Return the result of a success reply, or the details of an error reply."""
        if not reply.is_success:
            return self.parse_error(reply)
        data = self._parse_data(request, reply)
        if isinstance(data, ErrorDetails):
            return data
        error_rules = self.connector.manifest.errors
        if error_rules.also_in_2xx and isinstance(data, dict):
            code, message = get_at_path(data, error_rules.code), get_at_path(data, error_rules.message)
            if code is not None and isinstance(message, str):
                return self.parse_error(reply)
        return self.build_result(request, reply, data)

    def build_result(self, request: Request, reply: Reply, data: Any) -> Result:
        """Return a result of data with the reply's status and headers, without cookies and echoed secrets."""
        headers: dict[str, str] = {}
        for name, value in reply.headers:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        has_secret = _may_have_secret(headers, request.secrets)
        for name, value in headers.items():
            if name in redaction.SECRET_HEADERS:
                headers[name] = redaction.MASK
            elif has_secret or name in _URL_HEADERS:
                headers[name] = request.full_redactor.redact_text(value)
        request_id_location = self.connector.manifest.errors.request_id
        return Result(
            data,
            reply.status,
            headers,
            headers.get(request_id_location.partition(".")[2].lower()) if request_id_location else None,
        )

    def _parse_data(self, request: Request, reply: Reply) -> Any:
        reply_type = request.reply_type
        if reply_type == "binary":
            return _html_page_error(reply) or reply.body
        if reply_type == "text":
            return reply.body.decode("utf-8", "replace")
        if reply.status in _NO_CONTENT_STATUSES or request.method == "HEAD":
            return {}
        if not reply.body and (reply_type == "none" or reply.status != HTTPStatus.OK):  # 201 and 202 may be empty
            return {}
        return _html_page_error(reply) or _parse_json(reply)

    def parse_error(self, reply: Reply) -> ErrorDetails:
        """Return the details of an error reply, secrets included. Never raises; a broken body is searched as text."""
        error_rules = self.connector.manifest.errors
        data: Any = _parse_json(reply)
        if isinstance(data, dict):
            code, message = get_at_path(data, error_rules.code), str(get_at_path(data, error_rules.message) or "")
            message = " ".join([message, *_field_messages(get_at_path(data, error_rules.fields))]).strip()
        else:
            text = reply.body.decode("utf-8", "replace")
            code, message, data = (
                broken_json.find_code(text),
                broken_json.find_message(text) or " ".join(text.split()),
                text or None,
            )
        code = _normalize_code(code)
        rule = _find_matching_rule(error_rules, reply, code, message)
        scopes = _parse_scopes(rule, message) if rule else ()
        return ErrorDetails(code, message, data, rule.category if rule else None, scopes)


def _may_have_secret(headers: Mapping[str, str], secrets: tuple[str, ...]) -> bool:
    """Whether a header may hold one of the secrets, in any encoding; each is at least as long as its secret."""
    shortest = min(map(len, secrets), default=0)
    texts = [value for value in headers.values() if len(value) >= shortest] if shortest else []
    if not texts:
        return False
    longest = max(map(len, texts))
    return bool(SecretValues(secret for secret in secrets if len(secret) <= longest).find("\n".join(texts)))


def _html_page_error(reply: Reply) -> ErrorDetails | None:
    """Return the details of a web page that came instead of data, such as a login form; None for other replies."""
    content_type = (reply.header("content-type") or "").split(";")[0].strip().lower()
    if "html" not in content_type:
        return None
    page = reply.body[:MAX_PAGE_BYTES].decode("utf-8", "replace")  # cut to what is shown after its secrets are masked
    return ErrorDetails(None, f"unexpected content type {content_type}", page, "unreadable")


def _parse_json(reply: Reply) -> Any:
    """Parse a body as JSON; one that ends early, with the connection as its only end, was cut off."""
    try:
        return from_json(reply.body.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        has_length = reply.header("content-length") or reply.header("transfer-encoding")
        is_cut_off = "EOF" in str(error) and not has_length
        message = (
            f"the reply is not JSON: {_format_reason(error)}"
            if reply.body
            else "the reply is empty where JSON was expected"
        )
        return ErrorDetails(None, message, None, "cut" if is_cut_off else "unreadable")


def _normalize_code(code: Any) -> str | int | None:
    """Return a code as a number if it is one, else as text."""
    if code is None or (isinstance(code, int) and not isinstance(code, bool)):
        return code
    text = str(code)  # shortened where it is shown, after redaction
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else text


def _format_reason(error: BaseException) -> str:
    return re.sub(r"[^ -~]", "?", str(error))[:120]


def _field_messages(fields: Any) -> list[str]:
    """Return the messages of fields, given as a list of {field, message} or of text, or as one field name."""
    entries = [fields] if isinstance(fields, str) else fields if isinstance(fields, list) else []
    messages = []
    for entry in entries[:20]:
        if isinstance(entry, dict):
            name, message = entry.get("field") or entry.get("param"), entry.get("message") or entry.get("code")
            messages.append(f"[{name}: {message}]" if name else f"[{message}]")
        elif isinstance(entry, str):
            messages.append(f"[{entry}]")
    return messages


def _find_matching_rule(error_rules: ErrorFormat, reply: Reply, code: Any, message: str) -> ErrorRule | None:
    return next((rule for rule in error_rules.rules if _rule_matches(rule, reply, code, message)), None)


def _rule_matches(rule: ErrorRule, reply: Reply, code: Any, message: str) -> bool:
    if rule.status is not None and reply.status not in _as_list(rule.status):
        return False
    if rule.code is not None and str(code) not in map(str, _as_list(rule.code)):
        return False
    if rule.message is not None and rule.message.lower() not in message.lower():
        return False
    if rule.header is not None:
        name, _, expected = rule.header.partition("=")
        value = reply.header(name)
        return value is not None and (not expected or value == expected)
    return True


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parse_scopes(rule: ErrorRule, message: str) -> tuple[str, ...]:
    match = _compile_names(rule.names).search(message[:_MAX_NAMES_LENGTH]) if rule.names else None
    return tuple(re.findall(r"[\w:.-]+", match[1])) if match and match[1] else ()


@lru_cache(maxsize=128)
def _compile_names(pattern: str) -> LinearRegex:
    return LinearRegex(pattern)
