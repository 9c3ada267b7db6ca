"""Installed connectors: what a package says that it brings, found by name without running the package's code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import DefinitionError, Finding, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    import os

ENTRY_POINT_GROUP = "connector.connectors"
_MAX_NAME_LENGTH = 200  # characters; a longer one is no name of a file on every system


@dataclass(frozen=True, slots=True)
class InstalledConnector:
    """A connector that a package brings: its name, its folder, and the package with its version."""

    name: str
    folder: Path
    package: str


def find_installed_connectors() -> list[InstalledConnector]:
    """Return the connectors of installed packages, by name; no code of theirs is run.

    A package names them in the entry point group `connector.connectors`: each is a module whose folder is the
    connector's.
    """
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        spec = find_spec(point.module.partition(".")[0])
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if folders:
            folder = Path(folders[0], *point.module.split(".")[1:])
            package = f"{point.dist.name} {point.dist.version}" if point.dist else point.module
            found.append(InstalledConnector(point.name, folder, package))
    return sorted(set(found), key=lambda one: (one.name, one.package))


def find_folder(given: str | os.PathLike[str]) -> Path:
    """Return the folder of a connector that is given by its path, or by the name of an installed one.

    Raises DefinitionError where several packages bring one of the name, UsageError for no path at all.
    """
    if not (isinstance(given, str) or hasattr(given, "__fspath__")):
        raise UsageError(
            f"The folder is of type {type(given).__name__}.", hint="Pass its path, or the name of a connector."
        )
    path = Path(given)
    if (path / "manifest.yaml").is_file() or len(path.parts) != 1 or not is_plain_name(path.name.replace("_", "-")):
        return path
    found = [one for one in find_installed_connectors() if one.name == path.name]
    if len(found) > 1:
        packages = ", ".join(one.package for one in found)
        message = f"several packages bring a connector {path.name!r}: {packages}"
        finding = Finding(path.name, 1, 1, "file", message)
        raise DefinitionError(f"{message}.", findings=(finding,), hint="Pass the folder of the one that you mean.")
    return found[0].folder if found else path


def is_plain_name(stem: str) -> bool:
    """Whether a text is a name that no path hides in."""
    return len(stem) <= _MAX_NAME_LENGTH and stem.replace("-", "").isalnum()
