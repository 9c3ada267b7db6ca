"""A listing is complete only when everything was delivered, in whatever way a service pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW, World, ready
from support.sandboxes.paging_service import BASE, PATHS, SIGNS, PagingService, settings

from connector import errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import SendRequest, YieldPage

ACTION = """\
action: listLamps
label: List Lamps
summary: List the lamps.
request: {method} /lamps
pagination: {pages}
"""


@pytest.fixture(scope="module")
def connectors(tmp_path_factory):
    """A connector for each style and sign, made when it is first needed."""
    from connector import Connector

    made = {}

    def get(style, sign):
        if (style, sign) not in made:
            folder = tmp_path_factory.mktemp("lamps")
            (folder / "actions").mkdir()
            (folder / "manifest.yaml").write_text(
                "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\n"
                "connections: {key: {label: Key, kind: bearer, "
                "inputs: {token: {label: T, help: T., type: password, required: true}}}}\n"
            )
            method = "POST" if style == "body cursor" else "GET"
            text = ACTION.format(method=method, pages=settings(style, sign))
            (folder / "actions/list-lamps.yaml").write_text(text)
            made[style, sign] = Connector.open(folder)
        return made[style, sign]

    return get


class _Served(World):
    def __init__(self, service):
        super().__init__(None)
        self.service = service

    def _answer(self, ask):
        if isinstance(ask, SendRequest):
            assert len(self.service.requests) < 300, "the walk does not end"
            return self.service.answer(ask.request)
        return super()._answer(ask)


def read(connector, service, walk=exchange.collect_pages, limit=None):
    """Return the ids that a walk delivered, its result (of an error the partial one), and the error."""
    plan, request, options = ready(connector, "listLamps", {}, limit=limit)
    world = _Served(service)
    try:
        result = world.drive(walk(plan, replace(request, base_url=BASE), options, NOW))
    except errors.PageError as error:
        result = error.result
        pages = [ask.result for ask in world.of(YieldPage)] if walk is exchange.stream_pages else []
        return [lamp["id"] for page in pages for lamp in page.data.get("lamps") or ()], result, error
    pages = [result]
    if walk is exchange.stream_pages:
        pages = [*(ask.result for ask in world.of(YieldPage)), result]
    return [lamp["id"] for page in pages for lamp in page.data.get("lamps") or ()], result, None


STYLES = st.sampled_from([*PATHS])
COUNTS = st.integers(0, 40)


@given(
    style=STYLES,
    sign=st.sampled_from([*SIGNS]),
    row_count=COUNTS,
    caps=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    hidden=st.frozensets(st.integers(0, 40), max_size=12),
    texts=st.booleans(),
    omits=st.booleans(),
    total_hides=st.booleans(),
    ignores=st.sampled_from([False, False, False, True]),
    overlaps=st.sampled_from([False, False, True]),
    streamed=st.booleans(),
)
def test_no_listing_is_complete_with_something_left_out(connectors, style, sign, streamed, **habits):
    if style == "page_number" and sign != "total":
        habits["caps"] = sorted(
            habits["caps"], reverse=True
        )  # a number counts pages: of pages that grow, nobody can tell
    habits["hidden"] = frozenset(row for row in habits["hidden"] if row < habits["row_count"])
    service = PagingService(style, **habits)
    walk = exchange.stream_pages if streamed else exchange.collect_pages
    ids, result, error = read(connectors(style, sign), service, walk)
    visible = {lamp["id"] for lamp in service.visible}
    is_told_by_an_empty_page_alone = style in ("page_number", "offset", "last_item") and sign == "none"
    if error is None and result.complete and not (is_told_by_an_empty_page_alone and service.has_empty_middle):
        assert set(ids) >= visible
    if error is None and not result.complete:
        assert result.warnings
    assert set(ids) <= visible


@given(
    style=STYLES,
    sign=st.sampled_from([*SIGNS]),
    row_count=COUNTS,
    cap=st.integers(1, 9),
    texts=st.booleans(),
    omits=st.booleans(),
)
def test_what_a_sound_service_has_comes_once_and_is_complete(connectors, style, sign, row_count, cap, texts, omits):
    service = PagingService(style, row_count, [cap], texts=texts, omits=omits)
    ids, result, error = read(connectors(style, sign), service)
    assert error is None
    assert ids == list(range(row_count))
    is_one_full_page = row_count == 7 <= cap
    is_end_left_out = omits and row_count == 0
    assert result.complete or is_one_full_page or is_end_left_out, result.warnings
    assert result.complete != bool(result.warnings)


@given(
    style=st.sampled_from([style for style in PATHS if style != "last_item"]),
    sign=st.sampled_from(["has_more", "is_last", "total"]),
    row_count=COUNTS,
    cap=st.integers(2, 9),
    hidden=st.frozensets(st.integers(0, 40), max_size=25),
)
def test_hidden_rows_end_nothing_where_something_speaks(connectors, style, sign, row_count, cap, hidden):
    service = PagingService(style, row_count, [cap], frozenset(row for row in hidden if row < row_count))
    ids, result, error = read(connectors(style, sign), service)
    assert error is None
    if style in ("page_number", "offset") and service.has_empty_first:
        assert not result.complete or set(ids) == {lamp["id"] for lamp in service.visible}
        return  # the size of its pages cannot be told
    assert ids == [lamp["id"] for lamp in service.visible]
    if sign == "total":
        assert result.complete == (not service.hidden)


@given(row_count=COUNTS, caps=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_an_offset_goes_on_by_what_came_when_the_cap_changes(connectors, row_count, caps):
    ids, result, _ = read(connectors("offset", "none"), PagingService("offset", row_count, caps))
    assert (ids, result.complete) == (list(range(row_count)), row_count > 0 or not result.warnings)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("style", ["page_number", "offset"])
@pytest.mark.parametrize("row_count", [3, 7, 20])
def test_a_service_that_ignores_the_page_ends_in_an_error_without_repeated_rows(connectors, style, sign, row_count):
    ids, result, error = read(connectors(style, sign), PagingService(style, row_count, [7], ignores=True))
    is_all = row_count <= 7 and sign != "none"
    if is_all:
        assert (error, ids, result.complete) == (None, list(range(row_count)), True)
    else:
        assert "the same page came twice" in str(error)
        assert not result.complete
        assert [lamp["id"] for lamp in result.data["lamps"]] == list(range(min(row_count, 7)))


@given(style=STYLES, sign=st.sampled_from([*SIGNS]), row_count=COUNTS, cap=st.integers(1, 9), limit=st.integers(1, 45))
def test_a_limit_cuts_what_the_whole_listing_would_have(connectors, style, sign, row_count, cap, limit):
    ids, result, error = read(connectors(style, sign), PagingService(style, row_count, [cap]), limit=limit)
    assert error is None
    assert ids == list(range(min(limit, row_count)))
    assert not (result.complete and limit < row_count)
    assert not (result.warnings and limit <= row_count)
