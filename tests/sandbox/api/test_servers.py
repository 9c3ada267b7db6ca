"""A request belongs to the server of its host, or to that with the longest path where hosts say nothing."""

from __future__ import annotations

import pytest

from connector.definition.manifest import Manifest
from connector.sandbox.api.servers import Servers

MANIFEST = {
    "format": 1,
    "connector": "shelf",
    "version": "1.0.0",
    "label": "Shelf",
    "summary": "Keeps books.",
    "base_url": "https://api.example.com",
    "servers": {"files": "https://files.example.com/2.0"},
    "allowed_hosts": ["api.example.com", "files.example.com"],
    "connections": {},
}


@pytest.mark.parametrize(
    ("path", "host", "found"),
    [
        ("/2.0/books", "api.example.com", ("/2.0/books", {None})),
        ("/2.0/books", "files.example.com", ("/books", {"files"})),
        ("/books", "api.example.com", ("/books", {None})),
    ],
)
def test_a_known_host_says_which_server_a_path_is_below(path, host, found):
    assert Servers(Manifest.model_validate(MANIFEST)).split_path(path, host) == found


def test_at_a_host_of_this_machine_the_longest_path_says_it():
    found = Servers(Manifest.model_validate(MANIFEST)).split_path("/2.0/books", "127.0.0.1:8080")
    assert found is not None
    assert (found.path, "files" in found.servers) == ("/books", True)
