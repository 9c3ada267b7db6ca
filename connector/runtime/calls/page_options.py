"""The options of a call that are about what it returns: whether its action takes them, and within which limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.definition.action import SAFE_METHODS
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination
    from connector.runtime.calls.call_options import CallOptions

_PAGED_METHODS = ("GET", "POST")  # others change something each time


def check_page_options(
    compiled: CompiledAction, request: Request, options: CallOptions, pagination: Pagination | None
) -> None:
    """Check limit, page_size, paginate, items, no_wait, max_age and stale_if_error of a call.

    Raises InputError with every problem.
    """
    problems: list[Problem] = []
    name = compiled.action.action
    if options.paginate or options.items is not None:
        problems += _check_paginate(compiled, request, options)
    if options.limit is not None and pagination is None:
        problems.append(Problem("limit", str(options.limit), f"none: {name} is not a listing", "remove it"))
    if options.page_size is not None:
        problems += _check_page_size(options.page_size, name, request, pagination)
    if options.no_wait and compiled.action.poll is None:
        problems.append(Problem("no_wait", "true", f"none: {name} starts no job", "remove it"))
    if options.max_age is not None or options.stale_if_error:
        problems += _check_kept(compiled, request, options)
    if problems:
        raise InputError.from_problems("options", problems)


def _check_kept(compiled: CompiledAction, request: Request, options: CallOptions) -> Iterator[Problem]:
    action = compiled.action
    if action.is_read or (action.is_raw and request.method in SAFE_METHODS):
        return
    expected = f"none: {action.action} is not a read"  # so no copy of records answers it
    if options.max_age is not None:
        yield Problem("max_age", f"{options.max_age:g} s", expected, "remove it")
    if options.stale_if_error:
        yield Problem("stale_if_error", "true", expected, "remove it")


def _check_paginate(compiled: CompiledAction, request: Request, options: CallOptions) -> Iterator[Problem]:
    raw_pagination = compiled.raw_pagination
    if raw_pagination is None:
        for option, value in (("paginate", options.paginate), ("items", options.items)):
            if value:
                expected = f"none: it is for raw requests; {compiled.action.action} knows its pages"
                yield Problem(option, str(value), expected, "remove it")
    elif not options.paginate:
        if options.items is not None:
            yield Problem("items", options.items, "nothing without paginate", "set paginate to read every page")
    elif raw_pagination.style == "none":
        expected = "a connector whose manifest says under `pagination` how lists are paged"
        yield Problem("paginate", "true", expected, "remove it")
    elif request.method not in _PAGED_METHODS:
        yield Problem("paginate", f"a {request.method}", f"one of {', '.join(_PAGED_METHODS)}", "remove it")


def _check_page_size(size: int, action: str, request: Request, pagination: Pagination | None) -> Iterator[Problem]:
    if pagination is None or pagination.size_param is None:
        reason = "is not a listing" if pagination is None else "takes no page size"
        yield Problem("page_size", str(size), f"none: {action} {reason}", "remove it")
    elif pagination.size_param.get(request) is not None:
        expected = f"one page size: {pagination.size_param.location} is given too"
        yield Problem("page_size", str(size), expected, "give one of them")
    elif pagination.max_size is not None and size > pagination.max_size:
        yield Problem("page_size", str(size), f"a whole number from 1 to {pagination.max_size:,}")
