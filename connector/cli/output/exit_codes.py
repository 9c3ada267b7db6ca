"""Exit codes of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_SIGN_IN, EXIT_TOO_LATE, EXIT_UNCERTAIN = 0, 1, 2, 3, 4, 5


class AlreadyRunning(errors.ConnectorError):
    """Another process does what was asked for: nothing was done, and it may be tried later."""

    retryable = True


_EXIT_CODES: tuple[tuple[type[errors.ConnectorError], int], ...] = (
    (errors.DefinitionError, EXIT_USAGE),
    (errors.InputError, EXIT_USAGE),
    (errors.UsageError, EXIT_USAGE),
    (errors.SignInError, EXIT_SIGN_IN),
    (errors.RateLimited, EXIT_TOO_LATE),
    (errors.DeadlineError, EXIT_TOO_LATE),
    (AlreadyRunning, EXIT_TOO_LATE),
)


def exit_code(error: errors.ConnectorError) -> int:
    """Return the exit code of an error: 5 if its outcome is uncertain, else by its class."""
    return exit_code_for_type(type(error), error.outcome)


def exit_code_for_type(error_type: type[errors.ConnectorError], outcome: str) -> int:
    """Return the exit code of an error class with an outcome."""
    if outcome == "uncertain":
        return EXIT_UNCERTAIN
    return next((code for candidate, code in _EXIT_CODES if issubclass(error_type, candidate)), EXIT_REFUSED)


def combine_exit_codes(codes: Iterable[int]) -> int:
    """Return the exit code of several calls: 5 if any is uncertain, else that of the first failure."""
    failures = [code for code in codes if code]
    return EXIT_UNCERTAIN if EXIT_UNCERTAIN in failures else failures[0] if failures else EXIT_DONE
