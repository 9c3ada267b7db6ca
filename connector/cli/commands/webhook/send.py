"""`connector webhook send`: a signed event, as the service would send it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls.input_args import split
from connector.cli.commands.webhook.context import Desk, signing_options
from connector.cli.context.run_options import as_form, connector_of, settings
from connector.cli.groups import Command, shared
from connector.cli.output import errors as failure
from connector.cli.output import printer as output
from connector.cli.output.times import moment
from connector.core.inputs.coerce import Bad, structure
from connector.core.json_path import dig, placed
from connector.core.redaction import of as redactor
from connector.core.redaction import shown
from connector.errors import InputError, Problem, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from click.shell_completion import CompletionItem

    from connector.core.response.parser import Reply
    from connector.definition.events import EventKind
    from connector.sandbox.events.sender import Sender

_HELP = """Send EVENT to a URL, signed as the service signs, and print what is answered.

Its body is made from the event's types, or read from a file with -f. What differs from one event to the next - ids and
the time - is drawn anew for each of --times.
"""
_LONGEST_SHOWN = 2000  # characters of a reply


def _events(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    known = connector_of(settings(context)).events
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


@click.command("send", cls=Command, help=_HELP)
@click.argument("event", required=False, shell_complete=_events)
@click.option("--to", "url", required=True, metavar="URL", help="Where to: https, or http on this machine.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Put a value into the body, such as payload.object.topic=Standup; PATH:=JSON for other types.",
)
@click.option("-f", "--file", metavar="FILE", help="The body: a file of JSON, or - for standard input.")
@click.option("--times", type=click.IntRange(1, 100_000), default=1, metavar="N", help="Send so many (default: 1).")
@click.option("--at", metavar="TIME", help="Sign it as of this time: ISO 8601, or how long ago, such as 90m.")
@signing_options
@as_form
@shared
@click.pass_context
def send_command(
    context: click.Context,
    /,
    event: str | None,
    url: str,
    shape: str,
    *,
    trigger: str | None,
    sandbox: bool,
    **how: Any,
) -> int:
    """Send events."""
    from connector.sandbox.events.sender import Sender

    desk = Desk(context, trigger=trigger, sandbox=sandbox)
    kind = _kind(desk, event) if event else None
    if kind is None and how["file"] is None:
        raise InputError.of("webhook send", [Problem("EVENT", "nothing", "the name of an event, or a file with -f")])
    changes = _changes(how["changes"])
    at = None if how["at"] is None else moment(how["at"], time.time(), "--at")
    raw = None if how["file"] is None else read(how["file"])
    sender = Sender(desk.connector, url, desk.secrets()[0], trigger=desk.scheme.name)
    try:
        bodies = _Bodies(desk, kind, raw, changes).all(how["times"], at)
        return _sent(desk, sender, bodies, shape, at)
    finally:
        sender.close()


def _kind(desk: Desk, name: str) -> EventKind:
    """Return the kind of an event, the challenge among them. Raises InputError with a did-you-mean."""
    connector, challenge = desk.connector, desk.scheme.trigger.challenge
    if name in connector.events:
        return connector.events[name]
    if challenge is not None and name == challenge.event:
        from connector.definition.events import EventKind

        at = desk.scheme.trigger.event.at
        body = placed({} if at is None else placed({}, at, "milliseconds"), challenge.read, "id")
        return EventKind(name=name, group="", body=body)
    from connector.definition.suggest import did_you_mean

    near = did_you_mean(name, [*connector.events, *([challenge.event] if challenge else [])]).strip()
    fix = near or "the page docs/events.md has them all" if connector.events else "send a body of your own with -f"
    raise InputError.of("webhook send", [Problem("EVENT", shown(name), f"an event of {connector.name}", fix)])


def read(path: str) -> bytes:
    """Return what a file or standard input holds. Raises StoreError naming the path and the reason."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}.", path=path, hint="Check the path and its rights.") from None


def _changes(items: Sequence[str]) -> list[tuple[str, Any]]:
    """Return what --set says. Raises InputError with every problem."""
    found: list[tuple[str, Any]] = []
    problems = []
    for place, item in enumerate(items, 1):
        path, sign, value = split(item)
        try:
            _check_path(path, sign)
            found.append((path, structure(value) if sign == ":=" else value))
        except Bad as bad:
            problems.append(Problem(f"--set number {place}", shown(item), bad.expected, bad.fix))
    if problems:
        raise InputError.of("webhook send", problems)
    return found


def _check_path(path: str, sign: str) -> None:
    """Raise Bad for what is no path with a value."""
    if not sign or "" in path.split("."):
        raise Bad("PATH=VALUE, such as payload.object.topic=Standup")


class _Bodies:
    """The bodies to send: samples of a kind, or a file's own, with what --set puts into them."""

    def __init__(self, desk: Desk, kind: EventKind | None, raw: bytes | None, changes: list[tuple[str, Any]]) -> None:
        self._desk, self._kind, self._raw, self._changes = desk, kind, raw, changes

    def all(self, times: int, at: float | None) -> Iterator[tuple[str, bytes]]:
        """Yield names and bytes; a file's own bytes stay as they are unless something is put into them."""
        from connector.sandbox.events.sender import samples_of, written

        place = self._desk.scheme.trigger.event.name
        held = None if self._raw is None else self._object(self._raw)
        for count in range(1, times + 1):
            if held is None:
                assert self._kind is not None
                samples = samples_of(self._desk.connector, self._desk.scheme.name)
                body = samples.body(self._kind, time.time() if at is None else at, count)
            else:
                body = held
                if self._kind is not None and not place.startswith("header."):
                    body = placed(body, place, self._kind.name)
            for path, value in self._changes:
                body = placed(body, path, value)
            name = self._kind.name if self._kind else str(dig(body, place) or "")
            yield name, self._raw if self._raw is not None and body == held else written(body)

    def _object(self, raw: bytes) -> Any:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise InputError.of("webhook send", [Problem("-f", f"no JSON: {error}", "a JSON object")]) from None
        if not isinstance(found, dict):
            raise InputError.of("webhook send", [Problem("-f", shown(found), "a JSON object")])
        return found


def _sent(desk: Desk, sender: Sender, bodies: Iterator[tuple[str, bytes]], shape: str, at: float | None) -> int:
    """Send every body and print what is answered; return the exit code. Raises TransportError when nobody answers."""
    from connector.core.response.parser import Reply
    from connector.runtime.webhooks.forwarders import accepted

    code, rows = failure.DONE, []
    for name, body in bodies:
        got = sender.send(name, body, at)
        reply = got if isinstance(got, Reply) else accepted(sender.url, got)
        fits = _answers(sender, reply, body)
        row = {"event": name, "status": reply.status, "reply": _said(desk, reply) if fits is None else _judged(fits)}
        if not 200 <= reply.status < 300 or fits is False:  # noqa: PLR2004  the range of success
            code = failure.REFUSED
        if shape == "json":
            rows.append(row)
        else:
            output.write_text(f"{name}: {reply.status} {row['reply']}".rstrip())
            output.flush()
    if shape == "json":
        output.write_json(rows)
    if code and not desk.quiet:
        how = "the stand-in's secret" if desk.sandbox else desk.variable
        place = redactor(desk.connector).url(sender.url)
        failure.say(f"{place} did not accept it. It was signed with {how}; look at what the receiver logged.")
    return code


def _answers(sender: Sender, reply: Reply, body: bytes) -> bool | None:
    """Whether a reply answers the challenge that was sent; None when that was none."""
    expected = sender.challenge(body)
    if expected is None:
        return None
    try:
        return bool(json.loads(reply.body) == expected)
    except ValueError:
        return False


def _judged(fits: bool) -> str:  # noqa: FBT001  one word for each
    return "the challenge is answered as the service expects" if fits else "the answer to the challenge is wrong"


def _said(desk: Desk, reply: Reply) -> str:
    """Return a reply's body as a line, without secrets."""
    text = reply.body.decode("utf-8", "replace")
    return redactor(desk.connector).text(text[:_LONGEST_SHOWN])
