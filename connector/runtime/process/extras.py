"""Modules that are loaded when they are first needed: the packages of an extra, and parts of this package."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DISTRIBUTION = "connector"


def require(extra: str, *packages: str) -> None:
    """Raise UsageError that says how to install an extra when one of its packages is missing."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"The package {package} is not installed.", hint=build_install_hint(extra))


def build_install_hint(extra: str) -> str:
    """Return how to install an extra from where this package was installed: a folder, a file or a repository.

    Where that is not known, the hint names no place: a package of this name on an index may be another's.
    """
    origin = _read_origin()
    requirement = _format_requirement(extra, origin)
    if not requirement:
        return f"Install the extra {extra} of {_DISTRIBUTION} from where you got {_DISTRIBUTION}."
    is_editable = origin.get("dir_info", {}).get("editable", False)
    return f"Run: pip install {'-e ' if is_editable else ''}{shlex.quote(requirement)}"


def get_shared_requirement() -> str:
    """Return the requirement that installs this package elsewhere as it was installed here, or nothing where none does.

    A folder or file of this machine is none for another, and a package from an index may be another's there.
    """
    origin = _read_origin()
    return "" if origin.get("url", "").startswith("file:") else _format_requirement("", origin)


def _read_origin() -> dict[str, Any]:
    """Return what the installer wrote down (PEP 610), which is nothing for a package from an index."""
    from importlib import metadata  # and with it the parser of mail, for an error alone

    try:
        origin = json.loads(metadata.distribution(_DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError, OSError):
        return {}
    return origin if isinstance(origin, dict) else {}


def _format_requirement(extra: str, origin: dict[str, Any]) -> str:
    """Return the requirement for pip, or nothing when the place is gone, or its URL has a user in it."""
    url = origin.get("url", "")
    parts = urlsplit(url)
    if parts.scheme == "file":
        from urllib.request import url2pathname

        path = Path(url2pathname(parts.path))
        if not path.exists():
            return ""
        return f"{path}[{extra}]"
    if not parts.hostname or parts.username is not None:
        return ""
    vcs = origin.get("vcs_info", {})
    revision = vcs.get("requested_revision")
    source = f"{vcs['vcs']}+{url}" if "vcs" in vcs else url
    return f"{_DISTRIBUTION}{f'[{extra}]' if extra else ''} @ {source}{f'@{revision}' if revision else ''}"


@contextlib.contextmanager
def loading_modules() -> Iterator[None]:
    """Import in a with block what is seldom needed. Raises StoreError when a file cannot be read now."""
    try:
        yield
    except OSError as error:
        reason, path = error.strerror or type(error).__name__, str(error.filename or "a module")
        hint = "Close some of the open files of this process, or raise their limit; then try again."
        raise StoreError(f"{path} cannot be loaded: {reason}.", hint=hint, path=path, retryable=True) from error
