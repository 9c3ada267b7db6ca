"""Verify one webhook delivery in your own web framework."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connector.core.redaction import describe_type
from connector.core.webhook.signature import WebhookVerifier
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.webhook.signature import Challenge, Event, Headers
    from connector.definition.loader import Connector


def verify_webhook(
    connector: Connector,
    secret: str | Sequence[str],
    headers: Headers,
    raw_body: bytes,
    max_age: float | None = None,
    *,
    now: float | None = None,
    trigger: str | None = None,
) -> Event | Challenge:
    """Verify a delivery and return its Event, or a Challenge: answer 200 with the challenge's `reply` as JSON.

    `secret` is one text, or several while a new one replaces the old; `headers` a mapping or pairs as received;
    `raw_body` the bytes as received, never re-encoded JSON; `max_age` seconds (default: the manifest's); `now` epoch
    seconds (default: the current time); `trigger` a name (default: the connector's first). Raises WebhookError, whose
    `status` is the HTTP status to answer, UsageError for an invalid secret or a body that is not bytes.
    """
    verifier = verifier_for(connector, trigger)
    if not isinstance(raw_body, bytes | bytearray | memoryview):
        hint = "Pass the bytes as received: re-encoded JSON does not match the signature."
        raise UsageError(f"The body is {describe_type(raw_body)}; expected bytes.", hint=hint)
    return verifier.verify(list_secrets(secret), headers, bytes(raw_body), time.time() if now is None else now, max_age)


def list_secrets(secret: str | Sequence[str]) -> list[str]:
    """Return one secret or several as a list. Raises UsageError for an empty list."""
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets:
        raise UsageError("No secret is given.", hint="Pass the trigger's secret, or a list of them.")
    return secrets


def verifier_for(connector: Connector, trigger: str | None = None) -> WebhookVerifier:
    """Return the verifier of a connector's trigger, compiled once. Raises UsageError for an unknown trigger."""
    triggers = connector.manifest.triggers
    name = trigger or next(iter(triggers), "")
    if name not in triggers:
        suggestion = did_you_mean(name, triggers) if name else ""
        raise UsageError(
            f"{connector.name} has no trigger {name!r}.{suggestion}", hint=f"It has {', '.join(triggers) or 'none'}."
        )
    return connector.derive(_build_verifiers)[name]


def _build_verifiers(connector: Connector) -> dict[str, WebhookVerifier]:
    return {name: WebhookVerifier(name, trigger) for name, trigger in connector.manifest.triggers.items()}
