"""The turn and the slots of a request, from the budget of the account that its call counts against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.core.exchange.asks import AcquireSlot
    from connector.errors import RateLimited
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.process.fork_safety import ForkSafeEvent
    from connector.runtime.rate_budget.turns import Turns


def acquire_slot(call: PreparedCall, ask: AcquireSlot, stop_event: ForkSafeEvent) -> float | RateLimited:
    """Wait for the request's turn; return the seconds until a slot of the account's budget, or RateLimited."""
    assert call.budget_scope is not None
    turns = _find_turns(call, ask)
    if turns is not None and (refusal := turns.wait(lambda: ask.deadline - call.now(), stop_event)):
        return refusal
    delay_or_error: float | RateLimited = call.context.budget.acquire(call.budget_scope[0], ask, call.now())
    return delay_or_error


async def acquire_slot_async(call: PreparedCall, ask: AcquireSlot) -> float | RateLimited:
    """Do as `acquire_slot` without blocking the event loop."""
    assert call.budget_scope is not None
    turns, budget = _find_turns(call, ask), call.context.budget
    if turns is not None and (refusal := await turns.wait_async(lambda: ask.deadline - call.now())):
        return refusal
    pending: Any = getattr(budget, "acquire_async", budget.acquire)(call.budget_scope[0], ask, call.now())
    delay_or_error: float | RateLimited = await pending if hasattr(pending, "__await__") else pending
    return delay_or_error


def _find_turns(call: PreparedCall, ask: AcquireSlot) -> Turns | None:
    """Return the turns to wait for before the slots, which the call ends after the reply; None where it has them."""
    find_turns = getattr(call.context.budget, "find_turns", None)
    if find_turns is None or ask.reserved_at is not None or call.budget_scope is None:
        return None
    call.turns = find_turns(call.budget_scope[0], ask.rates)
    return call.turns
