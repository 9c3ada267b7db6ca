"""The models of rate limits."""

from __future__ import annotations

from pydantic import Field

from connector.definition.fields import StrictModel, Text


class Quota(StrictModel):
    """A limit for each value at a place of the request."""

    limit: Text = Field(description="Calls and time: 100/day.")
    by: Text = Field(description="Where the value is: path.x, query.x, body.x or connection.x.")
    reset: Text | None = Field(default=None, description="When a day begins, in UTC; 00:00Z when absent.")


class RateLimits(StrictModel):
    """How the service limits calls: `30/s 30000/day` by plan and tier."""

    account: Text | None = Field(
        default=None, description="The connection's input that identifies the account: connection.accountId."
    )
    plans: dict[str, dict[str, Text]] = Field(default={}, description="The rate of each tier, by plan.")
    quotas: dict[str, Quota] = Field(default={}, description="Limits for each value at a place, in every plan.")

    def has_rate(self, name: str) -> bool:
        """Whether a rate is a tier of some plan, or a quota of the whole account."""
        if name in self.quotas:
            return self.quotas[name].by.startswith("connection.")
        return any(name in tiers for tiers in self.plans.values())
