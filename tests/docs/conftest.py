"""What the tests of the documentation share."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from support.pages.site import Site, build_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The documentation as a site."""
    if find_spec("material") is None:
        pytest.skip("the extra site is not installed")
    return build_site(tmp_path_factory.mktemp("site"))
