"""Every page can be used by whoever cannot see it or has no mouse, in light and dark, and loads little."""

from __future__ import annotations

import pytest
from support.pages.browsing.axe import find_violations

PATHS = ["/", "/connections", "/actions", "/runs"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_any_page(browser, scheme):
    page = browser(scheme=scheme)
    origin = page.url.rstrip("/")
    found = {}
    for path in PATHS:
        page.goto(origin + path)
        found[path] = find_violations(page)
    assert found == {path: [] for path in PATHS}


def test_a_page_is_a_few_small_requests(browser):
    page = browser()
    origin = page.url.rstrip("/")
    for path in PATHS:
        sizes = []
        context = page.context.browser.new_context(storage_state=page.context.storage_state())
        fresh = context.new_page()
        fresh.on(
            "requestfinished",
            lambda request, sizes=sizes: sizes.append(
                sum(request.sizes()[k] for k in ("responseBodySize", "responseHeadersSize"))
            ),
        )
        fresh.goto(origin + path)
        fresh.wait_for_load_state("networkidle")
        context.close()
        assert len(sizes) <= 8, path
        assert sum(sizes) <= 120_000, path
