"""The manifest of a first import: what all actions share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.authoring.importing.building.texts import first_sentence, split_words, strip_markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.authoring.importing.building.connections import Connections
    from connector.authoring.importing.building.shared import SharedParameters
    from connector.authoring.importing.building.site import ApiSite
    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.document import ApiDocument


def choose_name(documents: Sequence[ApiDocument]) -> str:
    """Return the name of a connector: that of the API, without the words that all have."""
    words = [
        word
        for word in split_words(documents[0].title)
        if word not in ("api", "rest", "the", "openapi", "swagger", "specification", "v1", "v2", "v3")
    ]
    name = "_".join(words[:3]) or "imported"
    return name if name[0].isalpha() else f"api_{name}"


def build_manifest(
    name: str, documents: Sequence[ApiDocument], site: ApiSite, connections: Connections, shared: SharedParameters
) -> Words:
    """Return the words of a manifest."""
    info = documents[0].data.get("info")
    info = info if isinstance(info, dict) else {}
    title = strip_markup(documents[0].title) if len(documents) == 1 else " ".join(name.split("_")).title()
    external = documents[0].data.get("externalDocs")
    docs = external.get("url") if isinstance(external, dict) else None
    types = {key: {**words, "inputs": {**words["inputs"], **shared.inputs}} for key, words in connections.types.items()}
    hosts = list(dict.fromkeys([*site.allowed_hosts, *connections.hosts]))
    words: Words = {
        "format": 1,
        "connector": name,
        "version": "1.0.0",
        "label": title or name,
        "summary": first_sentence(
            str(info.get("description") or "") if len(documents) == 1 else "", f"Work with {title or name}."
        ),
        **({"docs": docs} if isinstance(docs, str) and re.match(r"https://\S+\Z", docs) else {}),
        "base_url": site.base_url,
        "allowed_hosts": hosts,
        "servers": site.servers,
        "connections": types,
        "constants": shared.constants,
    }
    return {word: value for word, value in words.items() if value not in ({}, [])}
