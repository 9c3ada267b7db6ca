"""`connector webhook send`: send signed test events."""

from __future__ import annotations

import json
import time
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls.file_args import read_file
from connector.cli.calls.item_values import read_json, split_item
from connector.cli.commands.webhook.context import WebhookContext, signing_options
from connector.cli.context.context import load_settings, open_connector, output_option
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.stdio import print_stderr
from connector.cli.output.times import parse_time
from connector.core.invalid_value import InvalidValue
from connector.core.json_path import get_at_path, set_at_path
from connector.core.redaction import preview, redactor_for
from connector.definition.json_path import PathSyntaxError, parse_path, parse_reply_path
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from click.shell_completion import CompletionItem

    from connector.core.response.reply import Reply
    from connector.core.webhook.event import Challenge
    from connector.definition.events import EventType
    from connector.sandbox.events.sender import EventSender

_HELP = """Send EVENT to a URL, signed as the service signs, and print the reply.

The body is generated from the event's types, or read from a file with -f. Ids and times are new for each event; with
--seed, the ids are the same each time.
"""
_MAX_REPLY_CHARACTERS = 2000  # characters


def _complete_events(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    events = open_connector(load_settings(ctx)).events
    return [CompletionItem(name) for name in events if name.startswith(incomplete)]


@click.command("send", cls=StrictCommand, help=_HELP)
@click.argument("event", required=False, shell_complete=_complete_events)
@click.option("--to", "url", required=True, metavar="URL", help="The URL to send to: https, or http on loopback.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set a value of the body, such as payload.object.topic=Standup; PATH:=JSON for other types.",
)
@click.option("-f", "--file", metavar="FILE", help="The body: a JSON file, or - for standard input.")
@click.option("--times", type=click.IntRange(1, 100_000), default=1, metavar="N", help="Send N events (default: 1).")
@click.option("--seed", metavar="TEXT", help="Generate the ids from this text (default: new ones each time).")
@click.option("--timestamp", metavar="TIME", help="The time of the signature: ISO 8601, or a duration ago such as 90m.")
@signing_options
@output_option
@global_options
@click.pass_context
def send_command(ctx: click.Context, /, event: str | None, url: str, output_format: str, **flags: Any) -> int:
    """Send events."""
    from connector.sandbox.events.sender import EventSender

    context = WebhookContext(ctx, trigger=flags["trigger"], sandbox=flags["sandbox"])
    if not event and flags["file"] is None:
        problem = Problem("EVENT", "nothing", "the name of an event, or a file with -f")
        raise InputError.from_problems("webhook send", [problem])
    overrides = _parse_overrides(flags["overrides"])
    signed_at = None if flags["timestamp"] is None else parse_time(flags["timestamp"], time.time(), "--timestamp")
    raw_body = None if flags["file"] is None else read_file(flags["file"])
    bodies = _EventBodies(context, event, raw_body, overrides)
    secrets = {key: texts[0] for key, texts in context.read_secrets().items()}
    seed = flags["seed"]
    sender = EventSender(context.connector, url, secrets, trigger=context.verifier.name, seed=seed)
    try:
        generated = bodies.generate(flags["times"], sender, signed_at, seed)
        return _send_all(context, sender, generated, output_format, signed_at)
    finally:
        sender.close()


def _find_event_kind(context: WebhookContext, name: str) -> EventType | None:
    """Return the type of an event; None for the challenge. Raises InputError with a suggestion."""
    connector, challenge = context.connector, context.verifier.trigger.challenge
    if name in connector.events:
        return connector.events[name]
    if challenge is not None and name == challenge.name:
        return None
    from connector.definition.suggest import did_you_mean

    suggestion = did_you_mean(name, [*connector.events, *([challenge.name] if challenge else [])]).strip()
    fix = suggestion or "see docs/events.md for all events" if connector.events else "use -f with a body"
    raise InputError.from_problems(
        "webhook send", [Problem("EVENT", preview(name), f"an event of {connector.name}", fix)]
    )


def _parse_overrides(items: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the overrides of --set. Raises InputError with every problem."""
    overrides: list[tuple[str, Any]] = []
    problems = []
    for position, item in enumerate(items, 1):
        path, separator, value = split_item(item)
        try:
            _check_path(path, separator)
            overrides.append((path, read_json(path, value) if separator == ":=" else value))
        except InvalidValue as invalid:
            problems.append(Problem(f"--set number {position}", preview(item), invalid.expected, invalid.fix))
    if problems:
        raise InputError.from_problems("webhook send", problems)
    return overrides


def _check_path(path: str, separator: str) -> None:
    """Raise InvalidValue unless it is a path with a value."""
    try:
        if separator and parse_path(path):
            return
    except PathSyntaxError:
        pass
    raise InvalidValue("PATH=VALUE, such as payload.object.topic=Standup")


class _EventBodies:
    """The bodies to send: samples of an event type, or a file, with the overrides of --set."""

    def __init__(
        self,
        context: WebhookContext,
        name: str | None,
        raw_body: bytes | None,
        overrides: list[tuple[str, Any]],
    ) -> None:
        """Prepare the bodies of an event, of the challenge, or of a file that says what it is."""
        self._context, self._name, self._raw_body, self._overrides = context, name, raw_body, overrides
        self._event_kind = _find_event_kind(context, name) if name else None

    def generate(
        self, times: int, sender: EventSender, signed_at: float | None, seed: str | None
    ) -> Iterator[tuple[str, Any, bytes | None]]:
        """Yield names, events, and the bytes of a file that go out as they are.

        Raises InputError for a body that says another name than the event's.
        """
        from connector.sandbox.events.sender import get_samples

        samples = get_samples(self._context.connector, self._context.verifier.name, seed)
        is_plain = self._context.verifier.body_format.is_plain
        parsed = None if self._raw_body is None else self._parse_object(self._raw_body)
        for count in range(1, times + 1):
            if parsed is None and self._event_kind is not None:
                now = (time.time() if signed_at is None else signed_at) + (count - 1) / 1000  # no two at one time
                body = samples.build_body(self._event_kind, now, count)
            elif parsed is None:
                body = sender.build_challenge()
            else:
                body = parsed if self._event_kind is None else samples.name_body(parsed, self._event_kind.name)
            for path, value in self._overrides:
                body = set_at_path(body, path, value)
            yield self._check_name(body), body, self._raw_body if is_plain and body == parsed else None

    def _check_name(self, body: Any) -> str:
        """Return the name to send a body with. Raises InputError if the body has another one."""
        fields = self._context.verifier.trigger.event
        is_in_body = fields.name is not None and parse_reply_path(fields.name).header is None
        said = get_at_path(body, fields.name) if is_in_body else None
        if self._name is None:
            return str(said or fields.default_name or "")
        if self._event_kind is not None and said not in (None, self._name):
            problem = Problem(f"--set {fields.name}", preview(said), f"{self._name}, the event to send", "leave it out")
            raise InputError.from_problems("webhook send", [problem])
        return self._name

    def _parse_object(self, raw_body: bytes) -> Any:
        try:
            parsed = json.loads(raw_body)
        except (ValueError, RecursionError) as error:
            raise InputError.from_problems(
                "webhook send", [Problem("-f", f"invalid JSON: {error}", "a JSON object")]
            ) from None
        if not isinstance(parsed, dict):
            raise InputError.from_problems("webhook send", [Problem("-f", preview(parsed), "a JSON object")])
        return parsed


def _send_all(
    context: WebhookContext,
    sender: EventSender,
    bodies: Iterator[tuple[str, Any, bytes | None]],
    output_format: str,
    signed_at: float | None,
) -> int:
    """Send every body, print the replies, and return the exit code. Raises TransportError."""
    from connector.core.response.reply import Reply
    from connector.core.webhook.event import Challenge
    from connector.runtime.webhooks.forwarders import require_success

    code, rows, sent_keys = EXIT_DONE, [], Counter[str]()
    for name, body, raw in bodies:
        delivery = sender.build_delivery(name, body, signed_at, raw=raw)
        verified = sender.read(delivery, signed_at)
        if not isinstance(verified, Challenge):
            sent_keys.update(event.key for event in verified)
        reply_or_failure = sender.post(delivery)
        reply = (
            reply_or_failure if isinstance(reply_or_failure, Reply) else require_success(sender.url, reply_or_failure)
        )
        is_answered = _is_answered(verified, reply) if isinstance(verified, Challenge) else None
        row = {
            "event": name,
            "status": reply.status,
            "reply": _format_reply(context, reply) if is_answered is None else _describe_challenge(is_answered),
        }
        if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES or is_answered is False:
            code = EXIT_REFUSED
        if output_format == "json":
            rows.append(row)
        else:
            printer.write_text(f"{name}: {reply.status} {row['reply']}".rstrip())
            printer.flush()
    if output_format == "json":
        printer.write_json(rows)
    if not context.quiet:
        _explain(context, sender, sent_keys, is_refused=bool(code))
    return code


def _explain(context: WebhookContext, sender: EventSender, sent_keys: Counter[str], *, is_refused: bool) -> None:
    """Say what the replies do not: which events a receiver takes for copies, and what to do about a refusal."""
    copies = sent_keys.total() - len(sent_keys)
    if copies:
        print_stderr(f"{copies} of {sent_keys.total()} are copies of an event: a receiver delivers each event once.")
    if is_refused:
        secret_source = "the sandbox's secret" if context.sandbox else context.secret_variable
        display_url = redactor_for(context.connector).redact_url(sender.url)
        print_stderr(
            f"{display_url} did not accept the event, signed with {secret_source}. Check the log of the receiver."
        )


def _is_answered(challenge: Challenge, reply: Reply) -> bool:
    """Whether a reply answers a challenge."""
    if any(reply.header(name) != value for name, value in challenge.headers.items()):
        return False
    if not challenge.reply:
        return True  # the status is all that is asked
    if isinstance(challenge.reply, str):
        return reply.body.decode("utf-8", "replace") == challenge.reply
    try:
        return bool(json.loads(reply.body) == challenge.reply)
    except ValueError:
        return False


def _describe_challenge(is_answered: bool) -> str:  # noqa: FBT001
    return "the challenge was answered correctly" if is_answered else "the challenge was answered wrongly"


def _format_reply(context: WebhookContext, reply: Reply) -> str:
    """Return the start of a reply's body, without secrets."""
    text = reply.body.decode("utf-8", "replace")
    return redactor_for(context.connector).redact_text(text, _MAX_REPLY_CHARACTERS)
