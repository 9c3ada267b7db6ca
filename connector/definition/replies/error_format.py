"""The model of error replies: how they are told from successes, where their details are, and what these mean."""

from __future__ import annotations

import re
from typing import Literal

from connector.definition.json_path import DataOrHeaderPath
from connector.definition.lazy import cached_property
from connector.definition.replies.reply_example import ReplyExample
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Text, word
from connector.first_use import prepare_pattern

Scalar = str | int
JsonScalar = str | int | float | bool | None
_NUMBER = prepare_pattern(r"-?[0-9]{1,18}", re.ASCII)
_JSON_WORDS = ("true", "false", "null")
ErrorCategory = Literal[
    "token_rejected", "scope", "cursor_expired", "daily_quota", "concurrency", "rate_limit", "not_found",
    "conflict", "invalid", "unavailable",
]  # fmt: skip
PathOrPaths = DataOrHeaderPath | list[DataOrHeaderPath]
FailureSign = DataOrHeaderPath | dict[DataOrHeaderPath, list[JsonScalar]]


class ErrorRule(StrictModel):
    """Which errors of the service belong to a category; the first rule that matches wins."""

    category: ErrorCategory
    status: int | list[int] | None = None
    code: Scalar | list[Scalar] | None = None
    message: Text | None = word(default=None, description="A part of the message, in any letter case.")
    header: Text | None = word(default=None, description="A header of the reply: name, or name=value.")
    names: Text | None = word(
        default=None, description="A regular expression whose first group names the missing scopes."
    )


class ErrorFormat(StrictModel):
    """Which replies of a status of success are errors, where errors have their details, and what these mean."""

    failed: FailureSign | list[FailureSign] | None = word(
        default=None,
        description="What shows that a request failed, whatever the status: a path that has something ({ok: [false]} "
        "for a path that has one of these values), or a list of these, of which each shows it.",
    )
    success_codes: list[Scalar] = word(
        default=[], description="The codes of success; any other code is an error, whatever the status."
    )
    code: PathOrPaths | None = word(default=None, description="Where the code is; of several places, the first.")
    message: PathOrPaths | None = word(default=None, description="Where the message is; of several, the first.")
    fields: PathOrPaths | None = word(
        default=None, description="Where the messages of single fields are: a list, or a mapping by name."
    )
    request_id: Text | None = word(default=None, description="The header with the request's id: header.X.")
    retry_after: DataOrHeaderPath | None = word(
        default=None, description="Where the time of the next try is: the time until then, or a date."
    )
    unit: Literal["s", "ms"] = word(default="s", description="The unit of `retry_after`: seconds or milliseconds.")
    rules: list[ErrorRule] = []
    hints: dict[str, str] = word(default={}, description="What to do about an error, by code.")
    replies: list[ReplyExample] = word(
        default=[], description="Error replies of the service, and what the client makes of them."
    )

    @cached_property
    def judges_success(self) -> bool:
        """Whether a reply of a status of success may be an error."""
        return self.failed is not None or bool(self.success_codes)

    @cached_property
    def request_id_header(self) -> str:
        """The name of the header with the request's id, in lower case; empty where replies have none."""
        return self.request_id.partition(".")[2].lower() if self.request_id else ""

    @cached_property
    def failure_signs(self) -> tuple[FailureSign, ...]:
        """What shows a failure: each alone does."""
        if self.failed is None:
            return ()
        return tuple(self.failed) if isinstance(self.failed, list) else (self.failed,)

    @cached_property
    def failure_paths(self) -> tuple[str, ...]:
        """The paths where something shows a failure."""
        return tuple(sign for sign in self.failure_signs if isinstance(sign, str))

    @cached_property
    def failure_values(self) -> dict[str, list[JsonScalar]]:
        """The paths with the values that show a failure."""
        values: dict[str, list[JsonScalar]] = {}
        for sign in self.failure_signs:
            for path, listed in sign.items() if isinstance(sign, dict) else ():
                values[path] = [*values.get(path, ()), *listed]
        return values

    @cached_property
    def failure_texts(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The same paths, each with its values as texts."""
        return tuple((path, frozenset(map(to_json_text, values))) for path, values in self.failure_values.items())

    @cached_property
    def success_texts(self) -> frozenset[str]:
        """The codes of success as texts."""
        return frozenset(map(to_json_text, self.success_codes))

    @cached_property
    def code_paths(self) -> tuple[str, ...]:
        """The places of the code, in order."""
        return _to_tuple(self.code)

    @cached_property
    def message_paths(self) -> tuple[str, ...]:
        """The places of the message, in order."""
        return _to_tuple(self.message)

    @cached_property
    def field_paths(self) -> tuple[str, ...]:
        """The places of the messages of single fields."""
        return _to_tuple(self.fields)


def to_json_text(value: JsonScalar) -> str:
    """Return a value as JSON writes it, a text without its quotes: so "0" and "00" are 0, and false is not."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        is_number = _NUMBER.fullmatch(value) is not None
        return str(int(value)) if is_number else value.lower() if value.lower() in _JSON_WORDS else value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _to_tuple(paths: PathOrPaths | None) -> tuple[str, ...]:
    if paths is None:
        return ()
    return (paths,) if isinstance(paths, str) else tuple(paths)
