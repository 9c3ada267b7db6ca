"""`connector webhook verify`: what a saved delivery is, or exactly why it is refused and what to look at."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.webhook.context import Desk, signing_options
from connector.cli.commands.webhook.send import read
from connector.cli.context.run_options import as_form
from connector.cli.groups import Command, shared
from connector.cli.output import printer as output
from connector.cli.output.times import lasting, moment, told
from connector.core.webhook.signature import Event
from connector.errors import InputError, Problem, WebhookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.core.webhook.signature import Challenge

_HELP = """Say what a saved delivery is, or exactly why it is refused. Exit code 0 or 1.

The file holds {"headers": {...}, "body": "..."}, the body as the text that came; or, with -H, the raw body itself.
"""


@click.command("verify", cls=Command, help=_HELP)
@click.option("-f", "--file", required=True, metavar="FILE", help="The delivery, or - for standard input.")
@click.option("-H", "headers", multiple=True, metavar="NAME: VALUE", help="A header; the file is the raw body then.")
@click.option("--at", metavar="TIME", help="Judge its age as of this time: ISO 8601, or how long ago, such as 2h.")
@signing_options
@as_form
@shared
@click.pass_context
def verify_command(
    context: click.Context, /, file: str, headers: tuple[str, ...], shape: str, *, at: str | None, **how: Any
) -> None:
    """Judge a delivery."""
    desk = Desk(context, **how)
    pairs, body = _delivery(read(file), headers)
    now = time.time() if at is None else moment(at, time.time(), "--at")
    secrets = desk.secrets()
    signed_at = _signed_at(desk, pairs)
    try:  # as of when it was signed: its age is judged after all else, with the numbers
        got = desk.scheme.verify(secrets, pairs, body, now if signed_at is None else signed_at)
    except WebhookError as error:
        hint = _look_at(desk, error.reason, (secrets, pairs, body))
        raise WebhookError(error.args[0], reason=error.reason, status=error.status, hint=hint) from None
    _judge_age(desk, signed_at, now)
    _tell(got, signed_at, now, shape)


def _delivery(raw: bytes, headers: Sequence[str]) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers and the body of a saved delivery. Raises InputError; nothing of the delivery is in it."""
    if headers:
        found = [(name.strip(), sign, value.strip()) for name, sign, value in map(_parted, headers)]
        wrong = [place for place, (name, sign, _) in enumerate(found, 1) if not name or not sign]
        if wrong:
            problems = [Problem(f"-H number {place}", "no name and value", "NAME: VALUE") for place in wrong]
            raise InputError.of("webhook verify", problems)
        return [(name, value) for name, _, value in found], raw
    expected = '{"headers": {...}, "body": "..."}, or a raw body with its headers as -H'
    try:
        saved = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError.of("webhook verify", [Problem("-f", f"no JSON: {error}", expected)]) from None
    named, body = (saved.get("headers"), saved.get("body")) if isinstance(saved, dict) else (None, None)
    pairs = list(named.items()) if isinstance(named, dict) else named
    plain = isinstance(pairs, list) and all(isinstance(one, tuple | list) and len(one) == 2 for one in pairs)  # noqa: PLR2004
    if not plain or not isinstance(body, str):
        what = "a body that is JSON itself, not its text" if isinstance(body, dict) else "another shape"
        fix = "save the bytes as they came: JSON that was written again is not what was signed"
        raise InputError.of("webhook verify", [Problem("-f", what, expected, fix)])
    assert isinstance(pairs, list)
    return [(str(name), str(value)) for name, value in pairs], body.encode("utf-8", "surrogatepass")


def _parted(header: str) -> tuple[str, str, str]:
    """Return name, sign and value of `Name: value` or `Name=value`."""
    colon, equals = header.find(":"), header.find("=")
    return header.partition("=" if equals >= 0 and (colon < 0 or equals < colon) else ":")


def _signed_at(desk: Desk, pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return when a delivery was signed, in epoch seconds, where its scheme says that."""
    signature = desk.scheme.trigger.signature
    kind, _, name = (signature.timestamp or "").partition(".")
    values = {key.lower(): value for key, value in pairs}
    text = values.get(name.lower(), "") if kind == "header" else ""
    if kind == "part":
        parts = values.get(signature.header.lower(), "").split(signature.many or ",")
        text = next((part.strip()[len(name) + 1 :] for part in parts if part.strip().startswith(f"{name}=")), "")
    return float(text) if text.isascii() and text.isdigit() else None


def _judge_age(desk: Desk, signed_at: float | None, now: float) -> None:
    """Refuse what is too old, or from the future, with the numbers. Raises WebhookError."""
    from connector.core.webhook.signature import AHEAD

    longest = desk.scheme.trigger.max_age
    if signed_at is None or longest is None:
        return
    age = now - signed_at
    if -AHEAD <= age <= longest:
        return
    when = f"The signature fits, but it was signed at {told(signed_at)}"
    if age > 0:
        said = f"{when}, {lasting(age)} ago ({age:.0f} s); a delivery stays good for {longest} s."
        hint = f"To judge it as of when it came: --at {told(signed_at)}. If it has just come, look at the clocks."
    else:
        said = f"{when}, {lasting(age)} ahead of this machine ({-age:.0f} s); up to {AHEAD:.0f} s are let pass."
        hint = "Look at this machine's clock."
    raise WebhookError(said, reason="age", status=401, hint=hint)


def _look_at(desk: Desk, reason: str, delivery: tuple[list[str], list[tuple[str, str]], bytes]) -> str:
    """Return what to look at when a delivery is refused."""
    secrets, pairs, body = delivery
    signature = desk.scheme.trigger.signature
    if reason == "unsigned":
        names = ", ".join(sorted({name for name, _ in pairs})) or "none"
        return f"The headers here are: {names}. Something between the service and you may have dropped or changed one."
    if reason == "timestamp":
        return f"Look at {(signature.timestamp or '').partition('.')[2]}: seconds since 1970, in digits."
    if reason == "signature":
        changed = next((how for how, one in _changed(body) if _fits(desk, secrets, pairs, one)), "")
        if changed:
            return f"It fits the body {changed}: hand over the raw bytes as they came."
        secret = "the stand-in's secret" if desk.sandbox else f"the secret in {desk.variable}"
        return (
            f"Either {secret} is not the one that signed, or the body is not the bytes that came "
            f"({len(body)} bytes here). {desk.hint}"
        )
    return "The signature fits, so it is the service's; what it says is not what the manifest expects."


def _changed(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the bodies that this one was, before something changed it on its way."""
    yield "without the line end behind it", body.rstrip(b"\r\n")
    yield "with a line end behind it", body + b"\n"
    yield "with its line ends as they were (CR LF)", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "with its line ends as they were (LF)", body.replace(b"\r\n", b"\n")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    for ascii_only in (False, True):
        for spaces in ((",", ":"), (", ", ": ")):
            text = json.dumps(data, ensure_ascii=ascii_only, separators=spaces)
            yield "as JSON before it was written again", text.encode("utf-8", "surrogatepass")


def _fits(desk: Desk, secrets: list[str], pairs: list[tuple[str, str]], body: bytes) -> bool:
    try:
        desk.scheme.verify(secrets, pairs, body, _signed_at(desk, pairs) or 0.0)
    except WebhookError as error:
        return error.reason != "signature"
    return True


def _tell(got: Event | Challenge, signed_at: float | None, now: float, shape: str) -> None:
    since = None if signed_at is None else now - signed_at
    if isinstance(got, Event):
        facts: dict[str, Any] = {
            "event": got.name, "at": got.at.isoformat() if got.at else None, "account": got.account,
            "subject": got.subject, "key": got.key,
        }  # fmt: skip
        line = f"An event: {got.name}" + (f", at {got.at:%Y-%m-%dT%H:%M:%SZ}" if got.at else "")
        line += f", account {got.account}" if got.account else ""
    else:
        facts = {"challenge": list(got.reply)}
        line = f"A challenge: answer 200 with {', '.join(got.reply)} as JSON"
    if shape == "json":
        output.write_json({**facts, "signed": signed_at and told(signed_at), "age": since and round(since)})
        return
    signed = f" Signed {lasting(since)} {'ago' if since >= 0 else 'ahead'}." if since is not None else ""
    output.write_text(f"{line}.{signed}" + (f"\nkey {got.key}" if isinstance(got, Event) else ""))
