"""Checking one delivery of a webhook, in a service of your own."""

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
    """Return the Event that a delivery brings, or the Challenge that asks for a reply: answer 200 with its `reply`.

    `secret` is one or several, while one takes the place of another; `headers` a mapping or pairs as they came;
    `raw_body` the bytes as they came, never JSON that was read and written again; `max_age` seconds (default: the
    manifest's); `now` epoch seconds; `trigger` which one, where the connector has several. Raises WebhookError, whose
    `status` is what to answer, UsageError for a secret that cannot be one or a body that is not bytes.
    """
    verifier = verifier_for(connector, trigger)
    if not isinstance(raw_body, bytes | bytearray | memoryview):
        hint = "Give the bytes as they came: JSON that was written again is not what was signed."
        raise UsageError(f"The body is {describe_type(raw_body)}.", hint=hint)
    return verifier.verify(list_secrets(secret), headers, bytes(raw_body), time.time() if now is None else now, max_age)


def list_secrets(secret: str | Sequence[str]) -> list[str]:
    """Return one secret or several as a list. Raises UsageError for none."""
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets:
        raise UsageError("No secret is given.", hint="Give the trigger's secret, or a list of them.")
    return secrets


def verifier_for(connector: Connector, trigger: str | None = None) -> WebhookVerifier:
    """Return how a connector's trigger signs, worked out once. Raises UsageError for one that it does not have."""
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
