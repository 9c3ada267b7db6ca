"""The guard of a folder that somebody wrote by hand: no import pours another service into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.definition.parsers.strict_yaml import read_words
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DOMAIN_LABELS = 2  # of a host: what stands before may be a tenant, a region or a name in braces


def refuse_other_service(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise UsageError if the folder has a connector, and its base URL is in another domain than the import's.

    A folder without a manifest, or with one that cannot be read, passes. Raises OSError, DefinitionError.
    """
    path = folder / "manifest.yaml"
    if not path.exists():
        return
    own = read_words(path.read_bytes(), str(path), frozenset({"base_url"})).get("base_url")
    domains = [_find_domain(one) for one in (own, manifest.get("base_url"))]
    if None in domains or domains[0] == domains[1]:
        return
    raise UsageError(
        f"{folder} is a connector for {domains[0]} that no import wrote; the description is of {domains[1]}.",
        hint="Name a new folder; or pass --base-url, if the service has moved.",
    )


def _find_domain(base_url: Any) -> str | None:
    host = urlsplit(base_url).netloc if isinstance(base_url, str) else ""
    return ".".join(host.lower().split(".")[-_DOMAIN_LABELS:]) or None
