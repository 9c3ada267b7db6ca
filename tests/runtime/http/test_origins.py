"""Where a base URL leads: read as httpx reads it, which is loaded only for hosts that are no plain names."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.servers import Counting

from connector.core.http_semantics import DEFAULT_PORTS
from connector.runtime.http.httpx.request import HttpOrigin, load_library
from connector.runtime.http.proxies import find_proxy

HOSTS = st.one_of(
    st.sampled_from([
        "api.zoom.us", "API.Zoom.US", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "256.0.0.1", "[::1]", "[::ffff:7f00:1]", "[1]",
        "bücher.example", "xn--bcher-kva.example", "faß.de", "a_b.example", "a..b", "a.", "-a-", "a%41", "user@host", "",
        "h" * 64 + ".example", "localhost",
    ]),
    st.text("aZ09.-_%[]:@é ", max_size=12),
)  # fmt: skip
PORTS = st.sampled_from(["", ":", ":80", ":443", ":8443", ":0", ":65535", ":65536", ":x"])


@given(st.sampled_from(["http", "https"]), HOSTS, PORTS, st.sampled_from(["", "/", "/v2", "?a", "#a"]))
def test_an_origin_is_what_httpx_reads(scheme, host, port, rest):
    library = load_library("httpx")
    try:
        url = httpx.URL(f"{scheme}://{host}{port}")
        port_used = DEFAULT_PORTS[url.scheme] if url.port is None else url.port
        expected = url.scheme, url.raw_host, port_used, url.netloc, url.port
    except (httpx.InvalidURL, UnicodeError) as error:
        with pytest.raises(type(error)):
            HttpOrigin.parse(library, f"{scheme}://{host}{port}{rest}")
        return
    origin = HttpOrigin.parse(library, f"{scheme}://{host}{port}{rest}")
    read = origin.scheme, origin.host.encode(), origin.port, origin.host_header, origin.explicit_port
    assert read == expected
    assert origin.proxy == find_proxy(url.scheme, url.raw_host.decode(), origin.port)


CALLS = """
import sys
from connector import Client, Connection, Connector
zoom = Connector.open()
connection = Connection(zoom, "accessToken", accessToken="a-token-of-no-service")
with Client(zoom, connection, base_url=sys.argv[1]) as client:
    client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    before = "httpx" in sys.modules
    client.request("POST", "/files", files={"file": ("a.txt", b"text")})
print(before, "httpx" in sys.modules)
"""


def test_httpx_itself_is_loaded_for_the_parts_of_a_form_alone():
    with Counting() as server:
        url = f"http://127.0.0.1:{server.port}/v2"
        done = subprocess.run([sys.executable, "-c", CALLS, url], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
