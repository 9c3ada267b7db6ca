"""A delivery is held against a trigger's secret, and a refusal says what is known of its reason."""

from __future__ import annotations

import json

import pytest

from connector.cli.context.settings import Settings
from connector.cli.webhooks.delivery_check import check_delivery
from connector.cli.webhooks.trigger_context import TriggerContext
from connector.core.webhook.delivery import Delivery
from connector.core.webhook.event import Challenge
from connector.errors import WebhookError
from connector.runtime.webhooks.verify import verifier_for
from connector.sandbox.events.sender import EventSender, build_signed_delivery, get_sandbox_secret

NOW = 1_900_000_000.0


@pytest.fixture
def check(zoom):
    """Check a delivery of the sandbox at a time."""
    context = TriggerContext(zoom, Settings({}), verifier_for(zoom), sandbox=True, quiet=True, may_prompt=False)

    def check_one(headers, body, now=NOW):
        return check_delivery(context, context.read_secrets(), Delivery(headers, body, "POST", ""), now)

    return check_one


@pytest.fixture
def signed(zoom):
    return build_signed_delivery(zoom, "user.activated", now=NOW)


def test_what_a_receiver_takes_is_returned_with_the_time_of_its_signature(check, signed):
    [event], signed_at = check(*signed)
    assert (event.name, signed_at) == ("user.activated", NOW)


def test_a_challenge_is_none_of_an_event(zoom, check):
    sender = EventSender(zoom, "http://127.0.0.1/", get_sandbox_secret(zoom))
    delivery = sender.build_delivery("endpoint.url_validation", sender.build_challenge(), NOW)
    sender.close()
    assert isinstance(check(delivery.headers, delivery.body)[0], Challenge)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda body: body + b"\n", "without its final line end"),
        (lambda body: json.dumps(json.loads(body), indent=1).encode(), "before it was serialized again"),
        (lambda body: b"{}", "Either the sandbox's secret is not the one that signed it"),
    ],
)
def test_a_body_that_was_changed_is_told_how(check, signed, change, told):
    headers, body = signed
    with pytest.raises(WebhookError) as refused:
        check(headers, change(body))
    assert told in refused.value.hint


@pytest.mark.parametrize(("seconds", "told"), [(86_400, "1 d ago"), (-7_200, "ahead of this machine")])
def test_an_age_is_told_in_numbers(check, signed, seconds, told):
    with pytest.raises(WebhookError, match=told):
        check(*signed, now=NOW + seconds)


def test_headers_that_a_proxy_removed_are_missed(check, signed):
    with pytest.raises(WebhookError) as refused:
        check([("host", "example.com")], signed[1])
    assert "The headers are: host" in refused.value.hint
