"""The models of recorded replies: what the service answered, and what is made of it."""

from __future__ import annotations

from typing import Annotated, Literal

from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, TextForm, word

RequestPlace = Annotated[str, TextForm(r"^(path|(query|header|body)\..+)$")]


class ExpectedReading(StrictModel):
    """What the client makes of a reply; only what is named is compared."""

    category: Text | None = word(default=None, description="The category of the error, as in `errors.rules`.")
    outcome: Literal["done", "rejected", "uncertain"] | None = word(
        default=None, description="What is known to have happened; done for a result."
    )
    code: str | int | None = word(default=None, description="The service's error code.")
    message: Text | None = word(default=None, description="A part of the error's message.")
    fields: list[Text] | dict[str, str] | None = word(
        default=None, description="The fields that the error names, or each with a part of its message."
    )
    retry_after: float | int | None = word(default=None, description="Seconds until the service wants to be asked.")
    data: JsonValue = word(default=None, description="A part of the result's data.")
    items: int | None = word(default=None, ge=0, description="The number of items on the page.")
    complete: bool | None = word(default=None, description="Whether the list ends with this page.")
    next: dict[RequestPlace, JsonValue] | None = word(
        default=None,
        description="Values of the next page's request, by place: query.x, body.x, path; null for nothing there, "
        "or for no next page.",
    )
    warnings: list[Text] | None = word(
        default=None, description="A part of each warning of the result; an empty list for none."
    )


class ReplyExample(StrictModel):
    """A reply as the service sends it, and what the client makes of it."""

    about: Text | None = word(default=None, description="What the reply shows, in a few words.")
    inputs: dict[Key, JsonValue] | None = word(
        default=None, description="The inputs of the call; those of the action's first example when absent."
    )
    status: int = word(default=200, ge=100, le=599, description="The HTTP status.")
    headers: dict[str, str] = word(default={}, description="The headers; Content-Type follows from the body.")
    body: JsonValue = word(default=None, description="The body: a text as it is, anything else as JSON.")
    expect: ExpectedReading = word(description="What the client makes of the reply.")

    def title(self, index: int) -> str:
        """Return what the reply shows, or its number and status."""
        return self.about or f"reply {index + 1}, status {self.status}"
