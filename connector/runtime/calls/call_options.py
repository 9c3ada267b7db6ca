"""The options of a call, parsed once for every way of making a call."""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from connector.core import durations, redaction
from connector.core.exchange.retry import RetryOverrides, parse_retry
from connector.definition.json_path import PathSyntaxError, parse_path
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.runtime.calls.observer import Observer

MAX_TIMEOUT = 31_536_000.0  # seconds: a year, which every clock and library supports


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How one call runs.

    `timeout` is the deadline of the whole call in seconds (None: the default), `limit` the maximum number of items of
    a listing, `page_size` how many a page has, `account` the sub-account to act on, `connection` the name of the
    connection. `max_age` are the seconds that a copy of the record may be old to answer the call; with
    `stale_if_error`, one of any age answers where the service cannot. With `no_wait`, a job is started and not waited
    for. With `paginate`, a raw request reads every page of the list at `items`. `observers` see the call as it runs.
    `problems` are those of the options; they are raised together with those of the inputs.
    """

    timeout: float | None = None
    retry: RetryOverrides | None = None
    debug: bool = False
    limit: int | None = None
    page_size: int | None = None
    paginate: bool = False
    items: str | None = None
    account: str | None = None
    idempotency_key: str | None = None
    connection: str | None = None
    no_wait: bool = False
    max_age: float | None = None
    stale_if_error: bool = False
    observers: tuple[Observer, ...] = ()
    problems: tuple[Problem, ...] = ()

    @classmethod
    def parse(cls, **given: Any) -> CallOptions:
        """Parse options as a caller writes them; None means not given. Raises UsageError."""
        for value in given.values():  # a loop: most calls set none, and a comprehension is a call itself
            if value is not None and value is not False:
                break
        else:
            return _DEFAULTS
        chosen = {name: value for name, value in given.items() if value is not None and value is not False}
        problems: list[Problem] = []
        for name in (name for name in _PARSERS if name in chosen):
            try:
                chosen[name] = _PARSERS[name](chosen[name])
            except InputError as error:
                problems += error.problems
                chosen[name] = None
        return cls(**chosen, problems=tuple(problems))

    def override(self, other: CallOptions) -> CallOptions:
        """Return these options, replaced by those that `other` sets."""
        return replace(self, **other.chosen(), problems=self.problems + other.problems)

    def chosen(self) -> Mapping[str, Any]:
        """Return the options that are not at their default, by name."""
        if self is _DEFAULTS:
            return {}
        values = zip(OPTION_NAMES, _get_options(self), strict=True)
        return {name: value for name, value in values if value is not None and value is not False and value != ()}


def parse_timeout(value: float | str, field: str = "timeout") -> float:
    """Return a timeout in seconds: a number, or text such as 500ms, 10s, 60m, 2h or 1d. Raises InputError."""
    seconds: Any = durations.parse_duration(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= MAX_TIMEOUT:
        expected = f"seconds above 0 and at most {MAX_TIMEOUT:,.0f}, or text with ms, s, m, h or d"
        problem = Problem(field, redaction.preview(value), expected, "such as 10s, or 60m for an hour")
        raise InputError.from_problems("options", [problem])
    return float(seconds)


def parse_max_age(value: float | str) -> float:
    """Return how old a copy may be, in seconds: 0 or more, or text such as 5m. Raises InputError."""
    seconds: Any = durations.parse_duration(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_TIMEOUT:
        expected = f"seconds from 0 to {MAX_TIMEOUT:,.0f}, or text with ms, s, m, h or d"
        raise InputError.from_problems(
            "options", [Problem("max_age", redaction.preview(value), expected, "such as 5m")]
        )
    return float(seconds)


def check_limit(limit: int) -> int:
    """Check the maximum number of items. Raises InputError."""
    if type(limit) is not int or limit < 1:
        raise InputError.from_problems("options", [Problem("limit", repr(limit), "a whole number above 0")])
    return limit


def check_page_size(size: int) -> int:
    """Check the number of items a page. Raises InputError."""
    if type(size) is not int or size < 1:
        raise InputError.from_problems("options", [Problem("page_size", repr(size), "a whole number above 0")])
    return size


def check_items(path: str) -> str:
    """Check the path of a list in a reply. Raises InputError."""
    try:
        parse_path(path)
    except (PathSyntaxError, TypeError):
        expected = "the path of a list in the reply, such as participants, or data.items"
        raise InputError.from_problems("options", [Problem("items", redaction.preview(path), expected)]) from None
    return path


def _build_flag_check(name: str) -> Callable[[Any], bool]:
    """Return a check that the option of this name is true or false, which raises InputError."""

    def check(value: Any) -> bool:
        if type(value) is not bool:
            raise InputError.from_problems("options", [Problem(name, redaction.preview(value), "true or false")])
        return value

    return check


OPTION_NAMES = tuple(option.name for option in fields(CallOptions) if option.name != "problems")
_get_options = attrgetter(*OPTION_NAMES)
_PARSERS: dict[str, Callable[[Any], Any]] = {
    "timeout": parse_timeout,
    "max_age": parse_max_age,
    "stale_if_error": _build_flag_check("stale_if_error"),
    "limit": check_limit,
    "page_size": check_page_size,
    "paginate": _build_flag_check("paginate"),
    "no_wait": _build_flag_check("no_wait"),
    "items": check_items,
    "retry": parse_retry,
}
_DEFAULTS = CallOptions()
