"""The model of jobs takes what can be followed, and refuses times and states that say nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.definition.replies.job import Poll

POLL = {"action": "getJob", "until": {"state": ["done"]}}


def test_a_job_is_asked_for_at_least_every_five_seconds_unless_it_says_otherwise() -> None:
    assert (Poll.model_validate(POLL).every, Poll.model_validate(POLL).failed) == ("5s", {})
    assert Poll.model_validate({**POLL, "every": "500ms", "timeout": "2h"}).timeout == "2h"


@pytest.mark.parametrize(
    "words", [{"every": "0s"}, {"every": "soon"}, {"timeout": "-1s"}, {"until": {}}, {"until": {"a..b": [1]}}]
)
def test_a_time_or_a_state_that_says_nothing_is_refused(words: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Poll.model_validate({**POLL, **words})
