"""The first request of a call, which nothing sends: for dry runs and previews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.exchange.asks import GetToken, SendRequest
from connector.core.request.credential import Credential

if TYPE_CHECKING:
    from connector.core.exchange.asks import Ask
    from connector.core.request.builder import Request
    from connector.runtime.calls.prepared import PreparedCall


def build_first_request(call: PreparedCall) -> Request:
    """Return the first request of a call; nothing is sent."""
    steps = call.build_steps()
    ask: Ask = next(steps)
    while not isinstance(ask, SendRequest):
        credential = Credential("$TOKEN", headers=(("Authorization", "Bearer $TOKEN"),))
        ask = steps.send((call.now(), credential if isinstance(ask, GetToken) else 0.0))
    steps.close()
    return ask.request
