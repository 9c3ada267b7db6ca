"""The records of a debugged run, redacted as they are made; HAR and curl are views of them."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connector._version import __version__
from connector.core.exchange.exchange import Send, Token, Wait
from connector.core.request.body import FORM
from connector.core.response import retry_after as waits
from connector.core.response.parser import Failure, Reply
from connector.core.response.redirects import signed_part
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.core.exchange.exchange import Ask
    from connector.core.redaction import Redactor

LONGEST_BODY = 65_536
_LONGEST_SECRET = 8192  # what is hidden must be read whole, also where a body is cut


@dataclass(slots=True)
class Records:
    """What happened in a run, in order: JSON-safe mappings without secrets."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def tap(self, ask: Ask, began: float, now: float, value: Any) -> str | None:
        """Note an ask and its answer; return the line to log, or None when it is not worth one."""
        entry = _entry(ask, value)
        if entry is None:
            return None
        entry = {
            "at": waits.moment(began).isoformat(timespec="milliseconds"),
            "seconds": round(now - began, 6),
            **entry,
        }
        self.entries.append(entry)
        return json.dumps(entry, ensure_ascii=False, default=str)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the records as JSON-safe data."""
        return list(self.entries)

    def har(self) -> dict[str, Any]:
        """Return the requests and replies as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/)."""
        creator = {"name": "connector", "version": __version__}
        return {
            "log": {
                "version": "1.2",
                "creator": creator,
                "entries": [_har(e) for e in self.entries if e["what"] == "send"],
            }
        }

    def curl(self) -> str:
        """Return a command that sends the last request again; the secret is left as $TOKEN."""
        sent = [entry["request"] for entry in self.entries if entry["what"] == "send"]
        return curl(sent[-1]) if sent else ""


def curl(request: dict[str, Any]) -> str:
    """Return the curl command of a redacted request; an unknown secret stays `***`."""
    words = ["curl", "-X", request["method"]]
    for name, value in request["headers"].items():
        words += ["-H", _with_token(f"{name}: {value}")]
    body = request.get("body")
    if isinstance(body, list) and _is_multipart(request):
        for part in body:
            file = part["file_name"]
            said = f"{part['name']}=@{file}" if file else f"{part['name']}={part['data']}"
            words += ["-F" if file else "--form-string", shlex.quote(said)]
    elif body is not None:
        words += ["--data-raw", shlex.quote(_text_of(request))]
    return " ".join([*words, _with_token(request["url"])])


def _with_token(word: str) -> str:
    """Quote a word for a shell that is to put the secret in."""
    plain = word.replace("$TOKEN", "")
    if "$TOKEN" not in word or not re.fullmatch(r"[\w:/?&=.,% @+*~-]*", plain, re.ASCII):
        return '"$TOKEN"'.join(shlex.quote(piece) if piece else "" for piece in word.split("$TOKEN"))
    return f'"{word}"'


def _is_multipart(request: dict[str, Any]) -> bool:
    """Whether the HTTP library puts the body together, and its Content-Type with it."""
    return isinstance(request.get("body"), list) and "Content-Type" not in request["headers"]


def _text_of(request: dict[str, Any]) -> str:
    body = request["body"]
    if isinstance(body, list) and request["headers"].get("Content-Type") == FORM:
        return urlencode([(name, value) for name, value in body], safe="*")
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _entry(ask: Ask, value: Any) -> dict[str, Any] | None:
    if isinstance(ask, Wait):
        return {"what": "wait", "least": ask.least, "spread": ask.spread, "why": ask.why}
    if isinstance(ask, Token) and isinstance(value, ConnectorError):
        return {"what": "token", "error": type(value).__name__}
    if not isinstance(ask, Send):
        return None
    safe = ask.request.safe.knowing([ask.token.value])
    if ask.request.may_leave and isinstance(value, Reply):
        safe = safe.knowing(signed_part(value.header("location") or ""))
    return {"what": "send", "request": _sent(ask), **_came(value, safe)}


def _sent(ask: Send) -> dict[str, Any]:
    shown = ask.request.to_dict()
    signed = {name: _blank(value, ask.token.value) for name, value in ask.token.headers}
    for name, value in ask.token.query:
        shown["url"] += f"{'&' if '?' in shown['url'] else '?'}{name}={_blank(value, ask.token.value)}"
    typed = ask.request.body.content_type if ask.request.body else None
    shown["headers"] = {**signed, **({"Content-Type": typed} if typed else {}), **shown["headers"]}
    return shown


def _blank(value: str, secret: str) -> str:
    """Return what signs a request with $TOKEN for its secret, which stands last; a stand-in's has none."""
    before, found, after = value.rpartition(secret) if secret else (value, "", "")
    return f"{before}$TOKEN{after}" if found else value


def _came(value: Any, safe: Redactor) -> dict[str, Any]:
    if isinstance(value, Failure):
        return {"failure": {"kind": value.kind, "sent": value.sent, "message": safe.text(value.message)}}
    assert isinstance(value, Reply)
    return {"reply": {"status": value.status, "headers": dict(safe.headers(value.headers)), "body": _body(value, safe)}}


def _body(reply: Reply, safe: Redactor) -> Any:
    raw = reply.body
    if len(raw) <= LONGEST_BODY:
        try:
            return safe.data(json.loads(raw)) if raw else None
        except (ValueError, RecursionError):
            pass
    kind = reply.header("content-type") or ""
    if kind.startswith("text/") or "json" in kind or "xml" in kind:
        return safe.text(raw[: LONGEST_BODY + _LONGEST_SECRET].decode("utf-8", "replace"))[:LONGEST_BODY]
    return f"{len(raw)} bytes"


def _har(entry: dict[str, Any]) -> dict[str, Any]:
    request, reply = entry["request"], entry.get("reply")
    milliseconds = entry["seconds"] * 1000
    sent: dict[str, Any] = {
        "method": request["method"], "url": request["url"], "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _named(request["headers"]), "queryString": _named(_query(request)),
        "headersSize": -1, "bodySize": -1,
    }  # fmt: skip
    if _is_multipart(request):
        params = [{"name": one["name"], "value": str(one["data"])} for one in request["body"]]
        sent["postData"] = {"mimeType": "multipart/form-data", "params": params, "text": ""}
    elif "body" in request:
        sent["postData"] = {"mimeType": request["headers"].get("Content-Type", ""), "text": _text_of(request)}
    return {
        "startedDateTime": entry["at"], "time": milliseconds, "request": sent, "response": _har_reply(reply),
        "cache": {}, "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }  # fmt: skip


def _har_reply(reply: dict[str, Any] | None) -> dict[str, Any]:
    """A request that nobody answered has the status 0, as browsers write it."""
    reply = reply or {"status": 0, "headers": {}, "body": None}
    text = "" if reply["body"] is None else _text_of(reply)
    content = {"size": len(text.encode()), "mimeType": reply["headers"].get("content-type", ""), "text": text}
    return {
        "status": reply["status"], "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _named(reply["headers"]), "content": content, "redirectURL": "", "headersSize": -1, "bodySize": -1,
    }  # fmt: skip


def _query(request: dict[str, Any]) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True)


def _named(pairs: dict[str, str] | list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in (pairs.items() if isinstance(pairs, dict) else pairs)]
