"""Settings from environment variables, or from the files that NAME_FILE variables name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_env_value(environ: Mapping[str, str], variable: str) -> str | None:
    """Return the value of a variable, or the content of the file that NAME_FILE names; None when both are unset.

    Raises InputError for a file that cannot be read.
    """
    if environ.get(variable):
        return environ[variable]
    path = environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  a plain read
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError.from_problems(
            f"{variable}_FILE", [Problem(f"{variable}_FILE", path, f"a file to read: {reason}")]
        ) from None
