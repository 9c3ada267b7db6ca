"""Why a delivery is refused: the same verification as a receiver's, with numbers and guesses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.cli.output.times import format_duration, format_time
from connector.core.webhook.event import Challenge
from connector.errors import WebhookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.cli.webhooks.trigger_context import TriggerContext
    from connector.core.webhook.delivery import Delivery
    from connector.core.webhook.event import Event

    Secrets = Mapping[str, Sequence[str]]

_EXPECTED_TIMES = {
    "s": "seconds since 1970, in digits",
    "ms": "milliseconds since 1970, in digits",
    "iso": "a time in ISO 8601",
}


def check_delivery(
    context: TriggerContext, secrets: Secrets, delivery: Delivery, now: float
) -> tuple[list[Event] | Challenge, float | None]:
    """Return what a receiver would read from a delivery at a time, and when it was signed.

    Raises WebhookError with what is known about why it is refused.
    """
    signed_at, keys = context.verifier.find_signing_time(delivery), context.verifier.decode_secrets(secrets)
    try:  # at the time of the signature: the age is checked last, with the numbers
        verified = context.verifier.verify_delivery(keys, delivery, now if signed_at is None else signed_at)
        _require_readable(verified)
    except WebhookError as error:
        hint = _diagnose(context, error.reason, secrets, delivery)
        raise WebhookError(error.args[0], reason=error.reason, status=error.status, hint=hint) from None
    _check_age(context, signed_at, now)
    return verified, signed_at


def _require_readable(verified: list[Event] | Challenge) -> None:
    """Raise WebhookError for what is no event as the manifest describes it."""
    events = [] if isinstance(verified, Challenge) else verified
    errors = [event.error for event in events if event.error is not None]
    if errors:
        count = f"{len(errors)} of {len(events)} events: " if len(events) > 1 else ""
        raise WebhookError(f"{count}{errors[0]}", reason=errors[0].reason, status=errors[0].status)


def _diagnose(context: TriggerContext, reason: str, secrets: Secrets, delivery: Delivery) -> str:
    """Return a hint about why a delivery is rejected."""
    signature, body = context.verifier.trigger.signature, delivery.body
    if reason == "unsigned":
        names = ", ".join(sorted({str(pair[0]) for pair in delivery.headers})) or "none"
        return f"The headers are: {names}. A proxy may have removed or changed one."
    if reason == "timestamp" and signature is not None:
        return f"Check {(signature.timestamp or '').partition('.')[2]}; expected {_EXPECTED_TIMES[signature.unit]}."
    if reason == "challenge":
        return "It is a challenge; the receiver does not answer it."
    if reason == "signature" and signature is None:
        return f"The delivery has another token than {context.secret_variable}, or none. {context.secret_hint}"
    if reason == "signature":
        change = next(
            (
                description
                for description, candidate in _guess_original_bodies(body)
                if _is_signature_valid(context, secrets, delivery._replace(body=candidate))
            ),
            "",
        )
        if change:
            return f"It matches the body {change}: verify the received bytes unchanged."
        secret = "the sandbox's secret" if context.sandbox else f"the secret in {context.secret_variable}"
        return (
            f"Either {secret} is not the one that signed it, or the body differs from the received bytes "
            f"({len(body)} bytes here). {context.secret_hint}"
        )
    return "The signature matches, so the service sent it, but its content does not fit the manifest."


def _guess_original_bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield bodies that this one may have been before it was changed."""
    yield "without its final line end", body.rstrip(b"\r\n")
    yield "with a final line end", body + b"\n"
    yield "with CR LF line ends", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "with LF line ends", body.replace(b"\r\n", b"\n")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    for ascii_only in (False, True):
        for separators in ((",", ":"), (", ", ": ")):
            text = json.dumps(data, ensure_ascii=ascii_only, separators=separators)
            yield "as JSON before it was serialized again", text.encode("utf-8", "surrogatepass")


def _is_signature_valid(context: TriggerContext, secrets: Secrets, delivery: Delivery) -> bool:
    keys = context.verifier.decode_secrets(secrets)
    try:
        context.verifier.verify_delivery(keys, delivery, context.verifier.find_signing_time(delivery) or 0.0)
    except WebhookError as error:
        return error.reason != "signature"
    return True


def _check_age(context: TriggerContext, signed_at: float | None, now: float) -> None:
    """Check the age of a delivery. Raises WebhookError with the numbers."""
    from connector.core.webhook.signature import MAX_TIMESTAMP_SKEW

    max_age = context.verifier.trigger.max_age
    if signed_at is None or max_age is None:
        return
    age = now - signed_at
    if -MAX_TIMESTAMP_SKEW <= age <= max_age:
        return
    opening = f"The signature matches, but it was made at {format_time(signed_at)}"
    if age > 0:
        message = f"{opening}, {format_duration(age)} ago ({age:.0f} s); a delivery is valid for {max_age} s."
        timestamp = f"--timestamp {format_time(signed_at)}"
        hint = f"For a saved delivery, use {timestamp}. For a new one, check the clocks."
    else:
        skew = f"{-age:.0f} s; at most {MAX_TIMESTAMP_SKEW:.0f} s are accepted"
        message = f"{opening}, {format_duration(age)} ahead of this machine ({skew})."
        hint = "Check the clock of this machine."
    raise WebhookError(message, reason="age", status=401, hint=hint)
