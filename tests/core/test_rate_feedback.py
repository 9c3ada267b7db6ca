"""Feedback of a reply: a 429, a wait, a smaller limit, or none."""

from __future__ import annotations

import pytest
from support.exchange_world import NOW, bad, ok

from connector.core import rate_feedback
from connector.core.rate_feedback import RateFeedback
from connector.core.rate_limit import DAY_SECONDS, SAFETY_FACTOR

MIDNIGHT = NOW - NOW % DAY_SECONDS + DAY_SECONDS


@pytest.mark.parametrize(
    ("reply", "closed", "gap"),
    [
        (ok({}), None, None),
        (bad(503, retry_after="7"), None, None),
        (bad(429), None, None),
        (bad(429, retry_after="7"), NOW + 7, None),
        (bad(429, retry_after="-1"), None, None),
        (bad(429, retry_after="abc"), None, None),
        (bad(429, retry_after="86401"), NOW + DAY_SECONDS, None),
        (bad(429, retry_after="999999999"), None, None),
        (bad(429, retry_after="2027-01-16T00:00:00Z"), MIDNIGHT, None),
        (bad(429, retry_after="Sat, 16 Jan 2027 00:00:00 GMT"), MIDNIGHT, None),
        (bad(429, x_ratelimit_type="Daily-limit"), MIDNIGHT, None),
        (bad(429, x_ratelimit_type="QPS", x_ratelimit_reset=str(int(NOW) + 3)), NOW + 3, None),
        (bad(429, x_ratelimit_type="QPS", x_ratelimit_limit="30"), None, SAFETY_FACTOR / 30),
        (ok({}, x_ratelimit_type="QPS", x_ratelimit_limit="30"), None, SAFETY_FACTOR / 30),
        (ok({}, x_ratelimit_type="QPS", x_ratelimit_limit="0"), None, None),
        (ok({}, x_ratelimit_type="QPS", x_ratelimit_limit="many"), None, None),
        (ok({}, x_ratelimit_limit="5000", x_ratelimit_remaining="4999", x_ratelimit_reset=str(int(NOW) + 900)), None, None),
        (ok({}, x_ratelimit_limit="5000", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 900)), NOW + 900, None),
        (ok({}, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 1)), None, None),  # the end of a second
        (bad(429, x_ratelimit_category="Light", x_ratelimit_limit="30", x_ratelimit_remaining="5893"), None, None),
    ],
)  # fmt: skip
def test_what_a_reply_says_about_its_rate(reply, closed, gap):
    assert (rate_feedback.read_feedback(reply, NOW) or RateFeedback()) == (closed, gap)
