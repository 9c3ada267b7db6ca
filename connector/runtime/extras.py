"""Modules that are loaded when they are first needed: the packages of an extra, and parts of this package."""

from __future__ import annotations

import contextlib
import importlib.util
from typing import TYPE_CHECKING

from connector.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


def require(extra: str, *packages: str) -> None:
    """Raise UsageError with the pip command when a package of an extra is missing."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            hint = f"Run: pip install 'connector[{extra}]'"
            raise UsageError(f"The package {package} is not installed.", hint=hint)


@contextlib.contextmanager
def loading_modules() -> Iterator[None]:
    """Import in a with block what is seldom needed. Raises StoreError when a file cannot be read now."""
    try:
        yield
    except OSError as error:
        reason, path = error.strerror or type(error).__name__, str(error.filename or "a module")
        hint = "Close some of the open files of this process, or raise their limit; then try again."
        raise StoreError(f"{path} cannot be loaded: {reason}.", hint=hint, path=path, retryable=True) from error
