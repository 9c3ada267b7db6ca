"""The project file of the current folder: where it is found, and whether this user trusts it.

Anybody can write one: it comes with a folder that was cloned or unpacked. It says which connection and connector are
meant, and never where credentials go. A connector or a store that lies in its folder decides that all the same, by its
hosts; so nothing is sent with either before this user has trusted the folder, as it is then: what decides where
credentials go may not change unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from connector.cli.context.config_file import PROJECT_FILE_NAME, config_path, read_config_file
from connector.errors import StoreError

if TYPE_CHECKING:
    from connector.cli.context.config_file import ConfigFile
    from connector.definition.loader import Connector


def find_project_file(start: Path | None = None) -> Path | None:
    """Return the project file in a folder or above, up to the root of a repository or the home folder.

    One of another user, who could have put it above this user's folders, is none.
    """
    try:
        start, home = start or Path.cwd(), Path.home()
        for folder in (start, *start.parents):
            path = folder / PROJECT_FILE_NAME
            if path.is_file() and _is_own(path):
                return path
            if folder in (home, home.resolve()) or (folder / ".git").exists():
                return None
    except (OSError, RuntimeError):  # a folder that is gone or may not be looked into, or a user without a home
        return None
    return None


def _is_own(path: Path) -> bool:
    """Whether a file belongs to this user, or to the system; where owners have no number, it does."""
    return not hasattr(os, "getuid") or path.stat().st_uid in (os.getuid(), 0)


Trust = Literal["trusted", "changed", "unknown"]


def find_trust(project_file: Path, digest: str | None = None) -> Trust:
    """Return whether this user has trusted the folder of a project file, or as it was before a change.

    `digest` is of what was read of it; without one, it is as it is now.
    """
    trusted = _read_trusted().get(str(project_file.parent.resolve()))
    if trusted is None:
        return "unknown"
    return "trusted" if trusted == (digest or _compute_digest_now(project_file)) else "changed"


def set_trust(project_file: Path, *, trusted: bool, digest: str | None = None) -> None:
    """Trust the folder of a project file as it is now, as it was read, or no longer. Raises StoreError."""
    from connector.runtime.files.atomic import replace_file
    from connector.runtime.files.named_output import follow_links

    folder, path = str(project_file.parent.resolve()), _trust_path()
    digests = {one: digest for one, digest in _read_trusted().items() if one != folder}
    digests |= {folder: digest or _compute_digest_now(project_file)} if trusted else {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(follow_links(path), json.dumps(digests, indent=2).encode())
    except OSError as error:
        hint = "Check the path and its permissions."
        raise StoreError(f"{path}: {error.strerror}.", path=str(path), hint=hint) from None


def _compute_digest_now(project_file: Path) -> str:
    return compute_digest(read_config_file(project_file, is_project=True))


def compute_digest(file: ConfigFile, connector: Connector | None = None) -> str:
    """Return the SHA-256 of what decides where credentials go: the connectors and stores named, and their manifests.

    The manifest of an open connector is that which was loaded, whatever its file has become. Actions reach no host but
    those of their manifest, and a store changes with each token: neither is part of it.
    """
    digest = hashlib.sha256()
    for values in (file.values, *(file.profiles[name] for name in sorted(file.profiles))):
        named = {key: values[key] for key in ("connector", "store") if key in values}
        digest.update(json.dumps(named, sort_keys=True).encode())
        manifest = Path(named.get("connector", "")) / "manifest.yaml"
        if manifest.is_absolute() and manifest.is_file():
            loaded = connector.manifest_bytes if connector and connector.folder == manifest.parent else None
            digest.update(hashlib.sha256(manifest.read_bytes() if loaded is None else loaded).digest())
    return digest.hexdigest()


def _trust_path() -> Path:
    return config_path().with_name("trusted-folders.json")


def _read_trusted() -> dict[str, str]:
    """Return the digest of each folder, as it was when it was trusted."""
    try:
        digests = json.loads(_trust_path().read_bytes())
    except (OSError, ValueError):
        return {}
    return digests if isinstance(digests, dict) else {}
