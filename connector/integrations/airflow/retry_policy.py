"""When Airflow runs a task again: as soon as the service accepts the call, and never for what may have been done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from connector.errors import ConnectorError
from connector.integrations.work import LONGEST_WAIT, seconds_until_retry


class ConnectorRetryPolicy(RetryPolicy):
    """Decides by the error of an attempt; what is no ConnectorError has the retries of the task.

    `longest_wait` are the seconds that an attempt may have to wait for the next one; a day when absent.
    """

    def __init__(self, longest_wait: float = LONGEST_WAIT) -> None:
        self.longest_wait = longest_wait

    def evaluate(self, exception: BaseException, *_: Any, **__: Any) -> RetryDecision:
        """Return whether, and after how many seconds, the task is run again. Airflow itself counts the tries."""
        if not isinstance(exception, ConnectorError):
            return RetryDecision.default()
        seconds = seconds_until_retry(exception)
        name = type(exception).__name__
        if seconds is None:
            return RetryDecision.fail(f"{name}, {exception.outcome}: not worth repeating")
        if seconds > self.longest_wait:
            return RetryDecision.fail(f"{name}: the next attempt would have to wait {seconds:.0f} s")
        return RetryDecision.retry(timedelta(seconds=seconds), f"{name}: repeated in {seconds:.1f} s")

    def serialize(self) -> dict[str, Any]:
        """Return the settings as JSON-safe data."""
        return {"longest_wait": self.longest_wait}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> ConnectorRetryPolicy:
        """Return the policy of such data."""
        return cls(**data)
