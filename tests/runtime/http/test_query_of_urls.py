"""A URL that has a query already, of a redirect or of a download, keeps it beside what a connection adds."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from support import servers

from connector import Client, Connection

MANIFEST = """
connector: shop
label: Shop
summary: Sells.
base_url: https://api.shop.example/v2
allowed_hosts: [api.shop.example]
connections:
  key:
    label: Key
    {sign_in}
    inputs: {{apiKey: {{label: Key, help: The key., type: password, required: true}}}}
"""
KEY = MANIFEST.format(sign_in="kind: api_key\n    to: query.key")
SIGNED = MANIFEST.format(sign_in='kind: signed\n    signature: {payload: "{target}", format: "{hex}", to: query.sign}')
GET_FILE = "action: getFile\nlabel: Get File\nsummary: Get a file.\nrequest: GET /file\n"


@pytest.fixture
def open_client(folder):
    def open_client(manifest, server):
        connector = folder(whole=manifest, actions={"get-file": GET_FILE})
        return Client(connector, Connection(connector, "key", apiKey="canary"), base_url=server.url)

    return open_client


MOVED = (servers.redirect("/v2/moved?x=1&y=%2F"), servers.reply(json_={"ok": True}))


def test_a_key_in_the_query_stands_beside_the_query_of_a_redirect(open_client):
    with servers.Counting() as server, open_client(KEY, server) as client:
        server.then(*MOVED)
        assert client.run("getFile").data == {"ok": True}
        assert server.requests[-1].target.decode() == "/v2/moved?x=1&y=%2F&key=canary"


def test_a_key_in_the_query_stands_beside_the_query_of_a_download(open_client, tmp_path):
    reply = servers.reply(body=b"bytes", headers=[("Content-Type", "application/octet-stream")])
    with servers.Counting(reply) as server, open_client(KEY, server) as client:
        client.download(f"{server.url}/file?x=1", tmp_path / "file.bin")
        assert server.requests[-1].target.decode() == "/v2/file?x=1&key=canary"


def test_a_signature_is_over_the_query_that_is_sent(open_client):
    with servers.Counting() as server, open_client(SIGNED, server) as client:
        server.then(*MOVED)
        client.run("getFile")
        target, _, sign = server.requests[-1].target.decode().partition("&sign=")
        assert target == "/v2/moved?x=1&y=%2F"
        assert sign == hmac.new(b"canary", target.encode(), hashlib.sha256).hexdigest()
