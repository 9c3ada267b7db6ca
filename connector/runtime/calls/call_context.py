"""What all calls of a client share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class CallContext:
    """The values that all calls of a client share; `budget` is any RateBudget."""

    connector: Connector
    clock: Clock
    base_url_override: str | None = None
    budget: Any = None
