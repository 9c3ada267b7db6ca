"""The options of a call that are about pages: whether its action takes them, and within which limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.runtime.calls.prepared import PreparedCall

_PAGED_METHODS = ("GET", "POST")  # others change something each time


def check_page_options(call: PreparedCall) -> None:
    """Check limit, page_size, paginate and items. Raises InputError with every problem."""
    problems = [*_check_paginate(call), *_check_limit(call), *_check_page_size(call)]
    if problems:
        raise InputError.from_problems("options", problems)


def _check_paginate(call: PreparedCall) -> Iterator[Problem]:
    options, raw_pagination, action = call.options, call.compiled.raw_pagination, call.compiled.action.action
    if raw_pagination is None:
        for name, value in (("paginate", options.paginate), ("items", options.items)):
            if value:
                expected = f"none: {name} is for raw requests; {action} knows its pages"
                yield Problem(name, str(value), expected, "remove it")
    elif not options.paginate:
        if options.items is not None:
            yield Problem("items", options.items, "nothing without paginate", "set paginate to read every page")
    elif raw_pagination.style == "none":
        expected = "a connector whose manifest says under `pagination` how lists are paged"
        yield Problem("paginate", "true", expected, "remove it")
    elif call.request.method not in _PAGED_METHODS:
        yield Problem("paginate", f"a {call.request.method}", f"one of {', '.join(_PAGED_METHODS)}", "remove it")


def _check_limit(call: PreparedCall) -> Iterator[Problem]:
    if call.options.limit is not None and not call.is_listing:
        expected = f"none: {call.compiled.action.action} is not a listing"
        yield Problem("limit", str(call.options.limit), expected, "remove it")


def _check_page_size(call: PreparedCall) -> Iterator[Problem]:
    size, pagination = call.options.page_size, call.pagination
    if size is None:
        return
    if pagination is None or pagination.size_param is None:
        reason = "is not a listing" if pagination is None else "takes no page size"
        yield Problem("page_size", str(size), f"none: {call.compiled.action.action} {reason}", "remove it")
    elif pagination.size_param.get(call.request) is not None:
        expected = f"one page size: {pagination.size_param.location} is given too"
        yield Problem("page_size", str(size), expected, "give one of them")
    elif pagination.max_size is not None and size > pagination.max_size:
        yield Problem("page_size", str(size), f"a whole number from 1 to {pagination.max_size:,}")
