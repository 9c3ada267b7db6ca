"""The documentation builds as a site without a warning, each of its links leads somewhere, and nothing comes from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from support.pages.site import ORIGIN, Site

import connector
import connector.testing

LOADS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class _Page(HTMLParser):
    """What one page of the site names itself, leads to and loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.leads_to: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name: value for name, value in attrs if value}
        self.names |= {words[name] for name in ("id", "name") if name in words}
        if tag == "a" and "href" in words:
            self.leads_to.append(words["href"])
        elif tag in LOADS and LOADS[tag] in words and words.get("rel") != "canonical":
            self.loads.append(words[LOADS[tag]])


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, _Page]:
    """Each page of the site by its address."""
    found = {}
    for path in site.folder.rglob("*.html"):
        place = path.relative_to(site.folder).as_posix()
        found[ORIGIN + re.sub(r"(^|/)index\.html$", r"\1", place)] = _Page(path.read_text(encoding="utf-8"))
    return found


def test_the_site_builds_without_a_warning(site: Site):
    assert "WARNING" not in site.said
    assert site.folder.joinpath("docs", "tutorial", "index.html").is_file()


def test_each_link_of_the_site_leads_to_a_page_and_a_heading_that_exist(site: Site, pages: dict[str, _Page]):
    dead = []
    for address, page in pages.items():
        for link in page.leads_to + page.loads:
            target = urlsplit(urljoin(address, link))
            if not target.geturl().startswith(ORIGIN):
                continue
            place = target._replace(query="", fragment="").geturl()
            if place in pages:
                leads = not target.fragment or unquote(target.fragment) in pages[place].names
            else:
                leads = (site.folder / unquote(place.removeprefix(ORIGIN))).is_file()
            dead += [] if leads else [f"{address}: {link}"]
    assert len(pages) > 100
    assert not dead, "\n".join(dead)


def test_a_page_loads_nothing_from_elsewhere(pages: dict[str, _Page]):
    foreign = [
        f"{address}: {link}"
        for address, page in pages.items()
        for link in page.loads
        if not urljoin(address, link).startswith((ORIGIN, "data:"))
    ]
    assert not foreign, "\n".join(foreign)


def test_the_reference_explains_every_public_name(pages: dict[str, _Page]):
    names = pages[f"{ORIGIN}docs/python-api/"].names
    public = {f"connector.{name}" for name in connector.__all__ if name[0] != "_"}
    assert not (public | {f"connector.testing.{name}" for name in connector.testing.__all__}) - names
