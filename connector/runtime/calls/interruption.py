"""What is known of a call that ends by something else than an error of this package, such as Ctrl-C."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, NamedTuple

from connector.core.exchange.asks import SendRequest
from connector.core.exchange.job import describe_start
from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.core.response.outcomes import may_change_state
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from connector.core.exchange.asks import Ask, Steps


class Interruption(NamedTuple):
    """The ask that was not answered, when it was made and given up, and the number of requests until then."""

    ask: Ask | None
    times: tuple[float, float]  # epoch seconds
    attempts: int

    def add_notes(self, error: BaseException, job: Mapping[str, Any] | None) -> None:
        """Add to an error that a write may have been sent, and that a job was started."""
        if isinstance(self.ask, SendRequest) and may_change_state(self.ask.request):
            error.add_note(f"It was being sent, or had been. {CHECK_BEFORE_RETRY}")
        if job is not None:
            error.add_note(describe_start(job))


def end_steps(steps: Steps, ask: Ask | None, error: BaseException, times: tuple[float, float]) -> Interruption | None:
    """End the steps of a call with an error; one of this package gets what they know of the attempts before.

    For any other the answer is what they know.
    """
    told = error if isinstance(error, ConnectorError) else ConnectorError("The call was interrupted.")
    if inspect.getgeneratorstate(steps) == inspect.GEN_SUSPENDED:
        with contextlib.suppress(ConnectorError):
            steps.throw(told)
    steps.close()
    return None if told is error else Interruption(ask, times, told.attempts + isinstance(ask, SendRequest))
