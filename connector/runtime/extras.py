"""Check for the packages of an extra before they are imported."""

from __future__ import annotations

import importlib.util

from connector.errors import UsageError


def require(extra: str, *packages: str) -> None:
    """Raise UsageError with the pip command when a package of an extra is missing."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            hint = f"Run: pip install 'connector[{extra}]'"
            raise UsageError(f"The package {package} is not installed.", hint=hint)
