"""Scaffold of a new connector: a small and complete one to start from, alone or in a package with its tests."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from connector import __version__
from connector.authoring import docs
from connector.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

_SOURCE_KNOWN = "From where it was installed when this package was made; the workflow\n  says so. Change it there."
_SOURCE_UNKNOWN = (
    "Set the repository's variable `CONNECTOR_SOURCE` to\n  what `pip install` is given for it: the URL of a wheel or "
    "repository, or a name and version on an index that you\n  trust. Without it CI stops and says so."
)


def create_connector(folder: Path, files: Mapping[str, str] | None = None) -> list[Path]:
    """Write a new connector into a new or empty folder and return its files, sorted: an example, unless `files` says.

    Raises UsageError when the folder is not empty, StoreError when it cannot be written.
    """
    _require_empty(folder)
    return sorted(_write_connector(folder, files or _read_template("example")))


def create_package(folder: Path, source: str, files: Mapping[str, str] | None = None) -> list[Path]:
    """Write a package with a new connector, as `create_connector` does, and return its files, sorted.

    `source` is the requirement by which others get this package here; an empty one leaves its CI to ask for it.
    """
    _require_empty(folder)
    files = files or {path: text for path, text in _read_template("example").items() if path != "README.md"}
    facts = _PackageFacts.read(files["manifest.yaml"], source)
    module = folder / facts.fill("connector_acme")
    package = {facts.fill(path): facts.fill(text) for path, text in _read_template("package").items()}
    return sorted([
        *_write_files(folder, package),
        *_write_files(module, {"__init__.py": ""}),
        *_write_connector(module, files),
    ])  # fmt: skip


def create_action(folder: Path, path: str, text: str) -> Path:
    """Write a new action's file into a connector's folder and return its path.

    Raises UsageError when there is one already, StoreError when it cannot be written.
    """
    target = folder / path
    try:
        target.parent.mkdir(exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{target} exists already.", hint="Choose another key, or edit the file.") from None
    except OSError as error:
        raise _build_store_error(folder, error) from None
    return target


class _PackageFacts(NamedTuple):
    """What the files of a package say about its connector; the template says it about one named acme."""

    name: str
    label: str
    test_action: str
    source: str

    @classmethod
    def read(cls, manifest: str, source: str) -> _PackageFacts:
        """Read the facts from the text of a new manifest."""
        words = dict(re.findall(r"^(connector|label|test): (.+)$", manifest, re.MULTILINE))
        test_action = words["test"].removeprefix("{action: ").removesuffix("}")
        return cls(words["connector"], words["label"], test_action, source)

    def fill(self, text: str) -> str:
        """Return a text of the template with these facts in it."""
        facts = {
            "SOURCE_NOTE": _SOURCE_KNOWN if self.source else _SOURCE_UNKNOWN,
            "SOURCE_DEFAULT": self.source,
            "connector>=0": f"connector>={__version__.rpartition('.')[0]}",
            "listItems": self.test_action,
            "Acme": self.label,
            "acme": self.name,
        }
        return re.sub("|".join(facts), lambda found: facts[found[0]], text)


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", hint="Choose a new or empty folder.")


def _read_template(name: str) -> dict[str, str]:
    """Return the texts of a template by their path; what would be mistaken for a file of ours ends with .txt there."""
    template = resources.files("connector.authoring") / "templates" / name
    return {
        path.as_posix().removesuffix(".txt"): entry.read_text("utf-8")
        for path, entry in _iter_files(template, PurePath())
    }


def _write_connector(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files of a connector, and those that are generated of them."""
    written = _write_files(folder, files)
    try:
        return written + docs.write(folder)
    except OSError as error:
        raise _build_store_error(folder, error) from None


def _write_files(folder: Path, files: Mapping[str, str]) -> list[Path]:
    try:
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise _build_store_error(folder, error) from None
    return [folder / path for path in files]


def _build_store_error(folder: Path, error: OSError) -> StoreError:
    hint = "Check the folder's permissions and the free disk space."
    return StoreError(f"{error.filename or folder}: {error.strerror}.", path=str(folder), hint=hint)


def _iter_files(folder: Traversable, path: PurePath) -> Iterator[tuple[PurePath, Traversable]]:
    """Yield every file below a folder of the package, which may be in a zip file, with its path."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _iter_files(entry, path / entry.name)
        else:
            yield path / entry.name, entry
