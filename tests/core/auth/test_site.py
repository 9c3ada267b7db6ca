"""The site of a connection: tenants and clouds fill in hosts and addresses, and what cannot stand there is told."""

from __future__ import annotations

import pytest

from connector.core.auth.site import fill_known, fill_text, resolve_site
from connector.definition.connection_type import ConnectionType
from connector.definition.manifest import Manifest
from connector.errors import InputError

TEXT = {"label": "L", "help": "H.", "type": "string", "required": True}
CLOUDS = {
    "public": {"label": "Public"},
    "government": {
        "label": "Government",
        "base_url": "https://api.gov.example/v2",
        "allowed_hosts": ["api.gov.example"],
        "token_url": "https://gov.example/token",
    },
}


def manifest(**words):
    head = {"connector": "lamp", "label": "L", "summary": "S.", "base_url": "https://api.lamp.example/v2"}
    return Manifest.model_validate({**head, "allowed_hosts": ["api.lamp.example"], **words})


def kind(name="bearer", **words):
    return ConnectionType.model_validate({"label": "K", "kind": name, **words})


def test_a_plain_site_is_the_manifests():
    site = resolve_site(manifest(), kind(), {})
    assert (site.base_url, site.allowed_hosts) == ("https://api.lamp.example/v2", ("api.lamp.example",))
    assert (site.authorize_url, site.token_url, site.revoke_url) == ("", "", "")


def test_a_tenant_is_a_label_a_whole_host_or_a_segment_of_a_path():
    inputs = {"shop": TEXT, "domain": {**TEXT, "format": "host"}, "site": TEXT}
    lamp = manifest(base_url="https://{shop}.{domain}/{site}/v2?t={site}", allowed_hosts=["{shop}.{domain}"])
    site = resolve_site(lamp, kind(inputs=inputs), {"shop": "harbour-1", "domain": "lamp.example", "site": "a b/c"})
    assert site.base_url == "https://harbour-1.lamp.example/a%20b%2Fc/v2?t=a%20b%2Fc"
    assert site.allowed_hosts == ("harbour-1.lamp.example",)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"shop": "a.b", "site": "x"}, "shop"),
        ({"shop": "-a", "site": "x"}, "shop"),
        ({"shop": "ä", "site": "x"}, "shop"),
        ({"site": "x"}, "shop"),
        ({"shop": "a", "site": ".."}, "site"),
        ({"shop": "a", "site": ""}, "site"),
    ],
)
def test_what_cannot_stand_in_a_url_is_told_by_its_input(values, field):
    lamp = manifest(base_url="https://{shop}.lamp.example/{site}", allowed_hosts=["*.lamp.example"])
    with pytest.raises(InputError) as caught:
        resolve_site(lamp, kind(inputs={"shop": TEXT, "site": TEXT}), values)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_a_tenants_host_must_be_one_that_is_allowed():
    lamp = manifest(base_url="https://{domain}/v2", allowed_hosts=["*.lamp.example"])
    inputs = {"domain": {**TEXT, "format": "host"}}
    assert resolve_site(lamp, kind(inputs=inputs), {"domain": "a.lamp.example"}).base_url == "https://a.lamp.example/v2"
    with pytest.raises(InputError, match=r"a host among \*\.lamp\.example"):
        resolve_site(lamp, kind(inputs=inputs), {"domain": "evil.example"})


def test_a_cloud_has_hosts_and_addresses_of_its_own_and_what_was_given_goes_before():
    inputs = {"tokenUrl": {**TEXT, "default": "https://lamp.example/token"}, "cloud": {**TEXT, "required": False}}
    oauth, lamp = kind("oauth2", inputs=inputs), manifest(clouds=CLOUDS)
    gov = resolve_site(lamp, oauth, {"cloud": "government", "tokenUrl": "https://lamp.example/token"})
    assert (gov.base_url, gov.allowed_hosts) == ("https://api.gov.example/v2", ("api.gov.example",))
    assert gov.token_url == "https://gov.example/token"
    own = resolve_site(lamp, oauth, {"cloud": "government", "tokenUrl": "https://gov.example/other"})
    assert own.token_url == "https://gov.example/other"
    public = resolve_site(lamp, oauth, {"cloud": "public"})
    assert (public.base_url, public.token_url) == ("https://api.lamp.example/v2", "https://lamp.example/token")


def test_a_text_is_filled_where_every_value_is_known():
    connection_type = kind(inputs={"shop": TEXT})
    assert fill_text("no braces", connection_type, {}) == "no braces"
    assert fill_text("{shop}/{other}", connection_type, {"shop": "a"}) == "a/{other}"
    assert fill_text("{shop}", connection_type, {}) is None
    assert fill_known("https://{shop}.x.example/{other}", connection_type, {}) == "https://{shop}.x.example/{other}"
    assert fill_known("{shop}", connection_type, {"shop": "a"}) == "{shop}"
