"""A download goes only where credentials may, and the error names the host and nothing else."""

from __future__ import annotations

import pytest

from connector.core.request.download_request import build_download_request
from connector.errors import InputError

BASE = "https://api.zoom.us/v2"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (7, "a URL, already encoded"),
        ("https://zoom.us/a b", "a URL, already encoded"),
        ("zoom.us/rec", "no scheme"),
        ("listUsers", "use download_all"),
        ("http://zoom.us/rec", "https without a user or a password"),
        ("https://u:p@zoom.us/rec", "https without a user or a password"),
        ("https://evil.example:8443/rec?token=canary", "https://evil.example:8443"),
        ("https://[::1]/rec", "https://[::1]"),
    ],
)
def test_any_other_url_is_refused(zoom, url, said):
    with pytest.raises(InputError) as caught:
        build_download_request(zoom, url, BASE)
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_url_is_requested_as_it_was_given(zoom):
    request = build_download_request(zoom, "https://zoom.us?x=1#part", BASE, ("secret",))
    assert (request.base_url, request.path, request.method) == ("https://zoom.us", "/?x=1", "GET")


def test_the_base_url_in_force_may_be_another_host(zoom):
    request = build_download_request(zoom, "http://127.0.0.1:9/rec", "http://127.0.0.1:9/v2")
    assert request.path == "/rec"
    with pytest.raises(InputError, match=r"or at http://127\.0\.0\.1:9"):
        build_download_request(zoom, "https://evil.example/rec", "http://127.0.0.1:9/v2")
