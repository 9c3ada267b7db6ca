"""The trace of a call: redacted entries in order, with HAR and curl as views of them."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connector._version import __version__
from connector.core.request.body import FORM_CONTENT_TYPE
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Trace:
    """The events of a call in order: JSON-safe mappings without secrets."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the entries as JSON-safe data."""
        return list(self.entries)

    def har(self) -> dict[str, Any]:
        """Return the requests and replies as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/)."""
        creator = {"name": "connector", "version": __version__}
        return {
            "log": {
                "version": "1.2",
                "creator": creator,
                "entries": [_to_har_entry(entry) for entry in self.entries if entry["what"] == "send"],
            }
        }

    def curl(self) -> str:
        """Return a curl command for the last request, with $TOKEN for the secret."""
        requests = [entry["request"] for entry in self.entries if entry["what"] == "send"]
        return build_curl_command(requests[-1]) if requests else ""


def describe_entry(entry: Mapping[str, Any]) -> str:
    """Return in a line what an entry tells: a request and what came of it, a wait, or that there was no token."""
    if entry["what"] == "wait":
        return f"waited {entry['seconds']:.3f} s: {entry['why']}"
    if entry["what"] == "token":
        return f"no token: {entry['error']}"
    request, reply = entry["request"], entry.get("reply")
    came = reply["status"] if reply else entry["failure"]["message"]
    return f"{request['method']} {request['url']} -> {came} ({entry['seconds']:.3f} s)"


def build_curl_command(request: dict[str, Any]) -> str:
    """Return the curl command of a redacted request; other secrets stay `***`."""
    arguments = ["curl", "-X", request["method"]]
    for name, value in request["headers"].items():
        arguments += ["-H", _quote_with_token(f"{name}: {value}")]
    body = request.get("body")
    if isinstance(body, list) and _is_multipart(request):
        for part in body:
            file = part["file_name"]
            form_field = f"{part['name']}=@{file}" if file else f"{part['name']}={part['data']}"
            arguments += ["-F" if file else "--form-string", shlex.quote(form_field)]
    elif body is not None:
        arguments += ["--data-raw", shlex.quote(_render_body(request))]
    return " ".join([*arguments, _quote_with_token(request["url"])])


def _quote_with_token(argument: str) -> str:
    """Quote an argument so that the shell expands $TOKEN."""
    literal = argument.replace("$TOKEN", "")
    if "$TOKEN" not in argument or not re.fullmatch(r"[\w:/?&=.,% @+*~-]*", literal, re.ASCII):
        return '"$TOKEN"'.join(shlex.quote(piece) if piece else "" for piece in argument.split("$TOKEN"))
    return f'"{argument}"'


def _is_multipart(request: dict[str, Any]) -> bool:
    """Whether the HTTP library encodes the body and sets its Content-Type."""
    return isinstance(request.get("body"), list) and "Content-Type" not in request["headers"]


def _render_body(request: dict[str, Any]) -> str:
    body = request["body"]
    if isinstance(body, list) and request["headers"].get("Content-Type") == FORM_CONTENT_TYPE:
        return urlencode([(name, value) for name, value in body], safe="*")
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _to_har_entry(entry: dict[str, Any]) -> dict[str, Any]:
    request, reply = entry["request"], entry.get("reply")
    milliseconds = entry["seconds"] * 1000
    har_request: dict[str, Any] = {
        "method": request["method"],
        "url": request["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _to_name_value_list(request["headers"]),
        "queryString": _to_name_value_list(_parse_query(request)),
        "headersSize": -1,
        "bodySize": -1,
    }
    if _is_multipart(request):
        params = [{"name": part["name"], "value": str(part["data"])} for part in request["body"]]
        har_request["postData"] = {"mimeType": "multipart/form-data", "params": params, "text": ""}
    elif "body" in request:
        har_request["postData"] = {
            "mimeType": request["headers"].get("Content-Type", ""),
            "text": _render_body(request),
        }
    return {
        "startedDateTime": entry["at"],
        "time": milliseconds,
        "request": har_request,
        "response": _to_har_response(reply),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }


def _to_har_response(reply: dict[str, Any] | None) -> dict[str, Any]:
    """Convert a reply; a request without one gets the status 0, as in browsers."""
    reply = reply or {"status": 0, "headers": {}, "body": None}
    text = "" if reply["body"] is None else _render_body(reply)
    content = {"size": len(text.encode()), "mimeType": reply["headers"].get("content-type", ""), "text": text}
    return {
        "status": reply["status"],
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _to_name_value_list(reply["headers"]),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _parse_query(request: dict[str, Any]) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True)


def _to_name_value_list(pairs: dict[str, str] | list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in (pairs.items() if isinstance(pairs, dict) else pairs)]
