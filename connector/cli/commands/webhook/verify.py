"""`connector webhook verify`: verify a saved delivery, or explain why it is rejected."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls.file_args import read_file
from connector.cli.commands.webhook.context import WebhookContext, signing_options
from connector.cli.context.context import output_option
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.times import format_duration, format_time, parse_time
from connector.cli.webhooks.delivery_check import check_delivery
from connector.core.redaction import describe_type, preview
from connector.core.webhook.delivery import Delivery
from connector.core.webhook.event import Challenge
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem
from connector.runtime.webhooks.verify import require_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.core.webhook.event import Event

    Secrets = Mapping[str, Sequence[str]]

_HELP = """Verify a saved delivery, or explain why it is rejected. Exit code 0 or 1.

The file holds {"headers": {...}, "body": "..."} with the body as it was received; or, with -H, the raw body.
"""
_FILE_KEYS = ("headers", "body")
_OPTION_BY_KEY = {"method": "-X", "url": "--url", "timestamp": "--timestamp"}
_EXPECTED_FILE = '{"headers": {...}, "body": "..."}, or a raw body with its headers as -H'


@click.command("verify", cls=StrictCommand, help=_HELP)
@click.option("-f", "--file", required=True, metavar="FILE", help="The delivery, or - for standard input.")
@click.option("-H", "headers", multiple=True, metavar="NAME: VALUE", help="A header; the file is then the raw body.")
@click.option("-X", "--method", default="POST", metavar="METHOD", help="The method of the request (default: POST).")
@click.option("--url", metavar="URL", help="The URL of the request with its query, as the service knows it.")
@click.option(
    "--timestamp", metavar="TIME", help="The time to compute its age at: ISO 8601, or a duration ago such as 2h."
)
@signing_options
@output_option
@global_options
@click.pass_context
def verify_command(
    ctx: click.Context,
    /,
    file: str,
    headers: tuple[str, ...],
    output_format: str,
    *,
    timestamp: str | None,
    **flags: Any,
) -> None:
    """Verify a delivery."""
    method, url = flags.pop("method"), flags.pop("url") or ""
    context = WebhookContext(ctx, **flags)
    require_url(context.verifier, url)
    pairs, body = _parse_delivery(read_file(file), headers)
    delivery = Delivery(pairs, body, method, url)
    now = time.time() if timestamp is None else parse_time(timestamp, time.time(), "--timestamp")
    verified, signed_at = check_delivery(context, context.read_secrets(), delivery, now)
    _print_verified(verified, signed_at, now, output_format)


def _parse_delivery(raw: bytes, headers: Sequence[str]) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of a saved delivery. Raises InputError without any of its content."""
    if headers:
        parsed_headers = [
            (name.strip(), separator, value.strip()) for name, separator, value in map(_split_header, headers)
        ]
        bad_positions = [
            position for position, (name, separator, _) in enumerate(parsed_headers, 1) if not name or not separator
        ]
        if bad_positions:
            problems = [
                Problem(f"-H number {position}", "no name and value", "NAME: VALUE") for position in bad_positions
            ]
            raise InputError.from_problems("webhook verify", problems, undone="verified")
        return [(name, value) for name, _, value in parsed_headers], raw
    try:
        saved = json.loads(raw)
    except (ValueError, RecursionError) as error:
        problem = Problem("-f", f"invalid JSON: {error}", _EXPECTED_FILE)
        raise InputError.from_problems("webhook verify", [problem], undone="verified") from None
    problems = list(_find_problems(saved))
    if problems:
        raise InputError.from_problems("webhook verify", problems, undone="verified")
    saved_headers, body = saved["headers"], saved["body"]
    pairs = saved_headers.items() if isinstance(saved_headers, dict) else saved_headers
    return [(str(name), str(value)) for name, value in pairs], body.encode("utf-8", "surrogatepass")


def _find_problems(saved: Any) -> Iterator[Problem]:
    """Yield what is wrong with a saved delivery, without any of its content."""
    if not isinstance(saved, dict):
        yield Problem("-f", describe_type(saved), _EXPECTED_FILE)
        return
    for key in saved:
        if key not in _FILE_KEYS:
            option = _OPTION_BY_KEY.get(key)
            fix = f"give it as {option}" if option else did_you_mean(key, _FILE_KEYS).strip()
            yield Problem(f"-f {preview(key)}", "an unknown key", " and ".join(_FILE_KEYS), fix)
    headers, body = saved.get("headers"), saved.get("body")
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
        received = "nothing" if "headers" not in saved else describe_type(headers)
        yield Problem("-f headers", received, "a mapping of names to values, or a list of pairs")
    if not isinstance(body, str):
        received = "nothing" if "body" not in saved else describe_type(body)
        fix = "save the received bytes: the signature does not fit JSON that was serialized again"
        yield Problem("-f body", received, "the text of the body", fix)


def _is_pair(item: object) -> bool:
    match item:
        case [_, _]:
            return True
    return False


def _split_header(header: str) -> tuple[str, str, str]:
    """Return name, separator and value of `Name: value` or `Name=value`."""
    colon, equals = header.find(":"), header.find("=")
    return header.partition("=" if equals >= 0 and (colon < 0 or equals < colon) else ":")


def _print_verified(verified: list[Event] | Challenge, signed_at: float | None, now: float, output_format: str) -> None:
    age = None if signed_at is None else now - signed_at
    signed = {"signed": signed_at and format_time(signed_at), "age": age and round(age)}
    signed_note = f" Signed {format_duration(age)} {'ago' if age >= 0 else 'ahead'}." if age is not None else ""
    if isinstance(verified, Challenge):
        facts: list[dict[str, Any]] = [{"challenge": list(verified.reply) if _is_json(verified) else "text"}]
        lines = [f"Challenge: reply 200 with {_describe_reply(verified)}.{signed_note}"]
    else:
        facts = [_describe_event(event) for event in verified]
        lines = [f"{_format_event(event)}.{signed_note}\nkey {event.key}" for event in verified] or ["No events."]
    if output_format == "json":
        rows = [{**fact, **signed} for fact in facts]
        printer.write_json(rows[0] if len(rows) == 1 else rows)
    else:
        printer.write_text("\n".join(lines))


def _describe_reply(challenge: Challenge) -> str:
    """Return what an answer has, without its values."""
    content = f"{', '.join(challenge.reply)} as JSON" if _is_json(challenge) else "its text"
    parts = [*([content] if challenge.reply else []), *(f"the header {name}" for name in challenge.headers)]
    return " and ".join(parts) or "nothing"


def _is_json(challenge: Challenge) -> bool:
    return isinstance(challenge.reply, dict)


def _describe_event(event: Event) -> dict[str, Any]:
    at = event.at.isoformat() if event.at else None
    return {"event": event.name, "at": at, "account": event.account, "subject": event.subject, "key": event.key}


def _format_event(event: Event) -> str:
    line = f"Event: {event.name}" + (f", at {event.at:%Y-%m-%dT%H:%M:%SZ}" if event.at else "")
    return line + (f", account {event.account}" if event.account else "")
