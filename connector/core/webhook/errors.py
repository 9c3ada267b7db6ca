"""The errors of deliveries, which contain nothing of them."""

from __future__ import annotations

from typing import Literal

from connector.errors import WebhookError

Reason = Literal["unsigned", "timestamp", "signature", "age", "body", "event", "challenge", "method"]


def build_webhook_error(reason: Reason, message: str, status: int = 401) -> WebhookError:
    """Return the error of a delivery; `status` is the HTTP status to answer with."""
    return WebhookError(message, reason=reason, status=status, outcome="rejected")
