"""What a call asks of its driver, and the answers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from connector.core.exchange.body_sink import BodySink
    from connector.core.exchange.retry import RetryPolicy
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.core.response.parser import Result


class GetToken(NamedTuple):
    """Asks for a signed token. Answer: Signed or ConnectorError.

    `rejected` is the one that drew a 401. With `anew` the one at hand lacks a scope: what is kept may have it by now.
    """

    rejected_token: str | None
    deadline: float
    reload: bool = False


class AcquireSlot(NamedTuple):
    """Asks for a slot under these rates, such as light and cap:value ("retry" is the shared quota).

    Answer: the seconds until its time comes, or RateLimited. Asked again when it has come, with the time `since` which
    the slot is held: 0.0 when it is still good.
    """

    rates: tuple[str, ...]
    deadline: float
    reserved_at: float | None = None


class SendRequest(NamedTuple):
    """Asks to send; a `sink` takes the body of a download. Answer: Reply or Failure."""

    request: Request
    credential: Credential
    deadline: float
    sink: BodySink | None = None


class Sleep(NamedTuple):
    """Asks to wait from `least` to `least + spread` seconds. Answer: nothing."""

    min_delay: float
    jitter: float
    reason: str


class YieldPage(NamedTuple):
    """Hands a page to the caller, whose time is not the call's. Answer: nothing."""

    result: Result


RETRY_QUOTA = ("retry",)  # the shared quota's name among what is acquired
Ask = GetToken | AcquireSlot | SendRequest | Sleep | YieldPage
Answer = tuple[float, Any]
Steps = Generator[Ask, Answer, "Result"]


@dataclass(frozen=True, slots=True)
class ExchangeOptions:
    """How one call runs: its deadline in seconds, how it is tried again, how many items, where its body goes.

    `rates` are what each of its requests needs a slot of.
    """

    timeout: float
    policy: RetryPolicy
    limit: int | None = None
    sink: BodySink | None = None
    rates: tuple[str, ...] = ()
