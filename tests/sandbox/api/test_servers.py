"""A path is told by the servers at its host; this machine stands for all of them."""

from __future__ import annotations

import pytest

from connector.definition.manifest import Manifest
from connector.sandbox.api.servers import Servers

MANIFEST = {
    "format": 1, "connector": "shelf", "version": "1.0.0", "label": "Shelf", "summary": "Lends books.",
    "base_url": "https://api.shelf.example", "allowed_hosts": ["api.shelf.example", "upload.shelf.example"],
    "servers": {"upload": "https://upload.shelf.example/2.0"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.shelf.example", ("/2.0/books", {None})),
        ("upload.shelf.example", ("/books", {"upload"})),
        ("127.0.0.1:8765", ("/books", {"upload"})),
    ],
)
def test_the_path_of_another_host_is_not_taken_off(host, expected):
    found = Servers(Manifest.model_validate(MANIFEST)).split_path("/2.0/books", host)
    assert found is not None
    assert (found.path, found.servers) == expected
