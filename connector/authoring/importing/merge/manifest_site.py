"""Where the manifest of a folder says that the API is: it places new actions, and gets the servers that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.authoring.importing.building.site import WrittenManifest
from connector.authoring.importing.merge.file_merge import merge_file
from connector.authoring.importing.merge.files import read_text
from connector.authoring.importing.merge.words import Level, digest_word, digest_words
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.authoring.importing.merge.words import Digests


@dataclass(frozen=True, slots=True)
class ManifestServers:
    """A manifest with the servers that an import needs: its text, what is recorded of it, and what to tell."""

    text: str
    recorded: Digests
    remark: str | None = None


def read_manifest(folder: Path) -> WrittenManifest | None:
    """Return what the manifest of a folder says; None where there is none that can be read. Raises OSError."""
    data = _read(read_text(folder / "manifest.yaml"))
    base_url, servers, redact = data.get("base_url"), data.get("servers"), data.get("redact")
    if not isinstance(base_url, str) or "://" not in base_url:
        return None
    known = servers.items() if isinstance(servers, dict) else ()
    fields = redact.get("fields") if isinstance(redact, dict) else None
    redacted = tuple(map(str, fields)) if isinstance(fields, list) else ()
    return WrittenManifest(base_url, {key: url.rstrip("/") for key, url in known if isinstance(url, str)}, redacted)


def refuse_other_path(folder: Path, written: WrittenManifest | None, base_url: str | None) -> None:
    """Raise UsageError for a base URL whose path is not the one that the folder's actions are below."""
    if written is None or base_url is None:
        return
    if urlsplit(base_url).path.rstrip("/") != urlsplit(written.base_url).path.rstrip("/"):
        raise UsageError(
            f"the actions of {folder} are below {written.base_url}, its manifest's base_url; --base-url {base_url} "
            "would move them.",
            hint="Leave --base-url out; or import into a new folder.",
        )


def describe_missing_servers(text: str, words: dict[str, Any]) -> str:
    """Return the servers of an import that a manifest lacks, as a sentence; nothing if it has them."""
    missing = _list_missing(_read(text), {}, words)
    return f"It lacks {_name(missing)}, where new actions are." if missing else ""


def add_servers(text: str, recorded: Digests, words: dict[str, Any]) -> ManifestServers:
    """Return a manifest with the servers of an import that it lacks.

    One that was recorded and is not there was removed by the author, and does not come back.
    """
    if not isinstance(recorded, dict):
        return ManifestServers(text, recorded)
    data, known = _read(text), recorded.get("servers")
    known = known if isinstance(known, dict) else {}
    missing = _list_missing(data, known, words)
    if not missing:
        return ManifestServers(text, recorded)
    hosts, vendors = data.get("allowed_hosts", []), words["allowed_hosts"]
    is_untouched = recorded.get("allowed_hosts") == digest_word(hosts) and {*hosts} <= {*vendors}
    new_hosts = vendors if is_untouched else list(dict.fromkeys([*hosts, *map(_find_host, missing.values())]))
    new = {**data, "servers": {**data.get("servers", {}), **missing}, "allowed_hosts": new_hosts}
    merged = merge_file(text, digest_words(data, Level.WORDS), new, model=Manifest)
    if merged.problem:
        return ManifestServers(text, recorded, f"it lacks {_name(missing)}, where new actions are.")
    now: dict[str, Digests] = {**recorded, "servers": {**known, **{key: digest_word(missing[key]) for key in missing}}}
    if is_untouched:
        now["allowed_hosts"] = digest_word(new_hosts)
    return ManifestServers(merged.text, now, f"it gets {_name(missing)}, where new actions are.")


def _list_missing(data: dict[str, Any], known: Mapping[str, Any], words: dict[str, Any]) -> dict[str, str]:
    own = data.get("servers")
    own = own if isinstance(own, dict) else {}
    return {key: url for key, url in words.get("servers", {}).items() if key not in own and key not in known}


def _name(servers: dict[str, str]) -> str:
    named = ", ".join(f"{key} ({url})" for key, url in servers.items())
    return f"the server{'s' if len(servers) > 1 else ''} {named}"


def _find_host(url: str) -> str:
    return urlsplit(url).netloc


def _read(text: str | None) -> dict[str, Any]:
    try:
        data = strict_yaml.read((text or "").encode(), "manifest").data
    except DefinitionError:
        return {}
    return data if isinstance(data, dict) else {}
