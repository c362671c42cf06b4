"""Every kind of link, for tests that must hold over all of them."""

from __future__ import annotations

import pytest

from .pairs import LINKS, Links


@pytest.fixture(params=list(LINKS))
def links(request: pytest.FixtureRequest) -> Links:
    """Return what makes a pair of links of one kind."""
    return LINKS[request.param]
