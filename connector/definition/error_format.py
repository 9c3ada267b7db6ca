"""The model of error replies: where their details are, and what these mean."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.definition.fields import StrictModel, Text
from connector.definition.reply_example import ReplyExample

Scalar = str | int


class ErrorRule(StrictModel):
    """Which errors of the service belong to a category; the first rule that matches wins."""

    category: Literal[
        "token_rejected", "scope", "cursor_expired", "daily_quota", "concurrency", "rate_limit", "not_found"
    ]
    status: int | list[int] | None = None
    code: Scalar | list[Scalar] | None = None
    message: Text | None = Field(default=None, description="A part of the message, in any letter case.")
    header: Text | None = Field(default=None, description="A header of the reply: name, or name=value.")
    names: Text | None = Field(
        default=None, description="A regular expression whose first group names the missing scopes."
    )


class ErrorFormat(StrictModel):
    """Where a reply has the details of an error, and what these mean."""

    code: Text | None = None
    message: Text | None = None
    fields: Text | None = None
    request_id: Text | None = Field(default=None, description="The header with the request's id: header.X.")
    also_in_2xx: bool = Field(default=False, description="Whether errors may have a status of 2xx.")
    rules: list[ErrorRule] = []
    hints: dict[str, str] = Field(default={}, description="What to do about an error, by code.")
    replies: list[ReplyExample] = Field(
        default=[], description="Error replies of the service, and what the client makes of them."
    )
