"""A driver with scripted answers for the exchange, which records the asks."""

from __future__ import annotations

import json

import pytest

from connector import errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import AcquireSlot, ExchangeOptions, GetToken, SendRequest, Sleep, YieldPage
from connector.core.exchange.plan import CompiledConnector
from connector.core.exchange.retry import RetryPolicy
from connector.core.request.credential import Credential
from connector.core.response.reply import Failure, Reply

NOW = 1_800_000_000.0
ERROR_RULES = """\
errors:
  code: code
  message: message
  rules:
    - {category: scope, code: S, status: [400, 429, 503]}
    - {category: daily_quota, code: D, status: [400, 429]}
    - {category: concurrency, code: B}
    - {category: rate_limit, code: R}
    - {category: cursor_expired, code: C}
    - {category: not_found, code: N}
"""
TYPED = (("content-type", "application/json"),)


def ok(data=None, status=200, **headers):
    """Return a success reply; headers are keywords, with underscores for hyphens."""
    body = b"" if data is None else json.dumps(data).encode()
    return Reply(status, (*TYPED, ("content-length", str(len(body))), *_headers(headers)), body)


def bad(status, code=None, message="no", **headers):
    """Return an error reply in the service's format."""
    return ok({"code": status if code is None else code, "message": message}, status, **headers)


def _headers(named):
    return tuple((name.replace("_", "-"), value) for name, value in named.items())


def nothing_sent(kind="refused", *, final=False):
    return Failure(kind, "no connection", sent="nothing", final=final)


def maybe_sent(kind="read", *, final=False):
    return Failure(kind, "the connection broke", sent="maybe", final=final)


class World:
    """Answers asks from lists: replies and tokens in order (the last one repeats), rate gaps, and a quota error."""

    def __init__(self, *replies, tokens=("first",), renewable=True, gaps=(), quota_error=None, takes=0.0):
        self.now = NOW
        self.replies = list(replies)
        self.tokens = list(tokens)
        self.renewable = renewable
        self.gaps = list(gaps)
        self.quota_error = quota_error
        self.takes = takes
        self.asks = []
        self.stop_waiting = None

    def drive(self, run):
        """Drive a run to its end and return its result."""
        ask = next(run)
        try:
            while True:
                self.asks.append(ask)
                answer = self._answer(ask)
                ask = run.send((self.now, answer))
        except StopIteration as end:
            return end.value

    def _answer(self, ask):
        if isinstance(ask, GetToken):
            token = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
            if not isinstance(token, str):
                return token
            return Credential(token, headers=(("Authorization", f"Bearer {token}"),), renewable=self.renewable)
        if isinstance(ask, AcquireSlot):
            if ask.rates == ("retry",):
                return self.quota_error or 0.0
            return self.gaps.pop(0) if self.gaps else 0.0
        if isinstance(ask, SendRequest):
            self.now += self.takes
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(ask, Sleep):
            self.now += ask.min_delay + ask.jitter
            return self.stop_waiting
        assert isinstance(ask, YieldPage)
        return None

    def of(self, kind):
        return [ask for ask in self.asks if isinstance(ask, kind)]

    @property
    def sends(self):
        return self.of(SendRequest)

    @property
    def waits(self):
        return self.of(Sleep)


def ready(connector, action, given, *, timeout=60.0, limit=None, **policy):
    """Return a compiled action with its request and options; `action` None for a raw request."""
    compiled = connector.derive(CompiledConnector)
    plan = compiled.raw_request if action is None else compiled.action(action)
    values = plan.validate(given)
    options = ExchangeOptions(timeout, RetryPolicy(**policy), limit, rates=plan.rate_names(values))
    return plan, plan.build_request(values), options


def drive(plan, request, how, world):
    return world.drive(exchange.run_call(plan, request, how, NOW + how.timeout, NOW))


def run_raw(connector, world, method="POST", *, timeout=600.0, **policy):
    return drive(*ready(connector, None, {"method": method, "path": "/x"}, timeout=timeout, **policy), world)


def fail_raw(connector, world, method="POST", **options):
    with pytest.raises(errors.ConnectorError) as caught:
        run_raw(connector, world, method, **options)
    return caught.value
