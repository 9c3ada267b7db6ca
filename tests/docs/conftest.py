"""What the tests of the documentation share."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest
from support.pages.site import Site, share_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The documentation as a site."""
    if find_spec("material") is None:
        pytest.skip("the extra site is not installed")
    root = tmp_path_factory.getbasetemp()
    return share_site(root.parent if "PYTEST_XDIST_WORKER" in os.environ else root)
