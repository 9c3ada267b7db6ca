"""The asks of a call, and the options of its exchange.

A driver answers each ask with `(now, value)`. `now` and `deadline` are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.request.fixed import fixed

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.exchange.retry import RetryPolicy
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.core.response.pagination.settings import Pagination
    from connector.core.response.result import Result


class GetToken(NamedTuple):
    """Asks for a credential. Answer: Credential or ConnectorError.

    `rejected_token` is the secret that drew a 401; or, with `lacks_scope`, one that is valid but lacks a scope: the
    answer is then a better one if there is any, else the same.
    """

    rejected_token: str | None
    deadline: float
    lacks_scope: bool = False


class AcquireSlot(NamedTuple):
    """Asks for a slot of these rates, such as `light` or `QUOTA:VALUE`; `retry` is the shared retry quota.

    Answer: the seconds until the slot, or RateLimited. After that wait it is asked again with `reserved_at`, the time
    of the reservation; the answer is 0.0 if the slot is still valid. A request of a `weight` counts as so many.
    """

    rates: tuple[str, ...]
    deadline: float
    reserved_at: float | None = None
    weight: int = 1


class SendRequest(NamedTuple):
    """Asks to send a request; `sink` receives the body of a download. Answer: Reply or Failure."""

    request: Request
    credential: Credential
    deadline: float
    sink: BodySink | None = None


class Sleep(NamedTuple):
    """Asks to wait `min_delay` to `min_delay + jitter` seconds. Answer: None, or the error that ended the wait.

    `job` is the call that asks for a job that was started, where the wait is for it.
    """

    min_delay: float
    jitter: float
    reason: str
    job: Mapping[str, Any] | None = None


class YieldPage(NamedTuple):
    """Hands a page to the caller; the caller's time does not count. Answer: None."""

    result: Result


RETRY_QUOTA = ("retry",)  # the rates of the shared retry quota
Ask = GetToken | AcquireSlot | SendRequest | Sleep | YieldPage
Answer = tuple[float, Any]
Steps = Generator[Ask, Answer, "Result"]


@fixed
class ExchangeOptions:
    """Options of one exchange: timeout in seconds, retry policy, item limit, and the sink of a download's body.

    Each of its requests needs a slot of each of the `rates`, and counts as `weight` of them. `page_size` is the
    caller's, `pagination` that of a raw request.
    """

    timeout: float
    policy: RetryPolicy
    limit: int | None = None
    sink: BodySink | None = None
    rates: tuple[str, ...] = ()
    page_size: int | None = None
    pagination: Pagination | None = None
    weight: int = 1
