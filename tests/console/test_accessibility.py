"""Every page can be used by whoever cannot see it or has no mouse, in light and dark, and loads little and soon."""

from __future__ import annotations

import pytest
from support.pace import counted
from support.pages.browsing.axe import find_violations

from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.row_reader import Row
from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_loading import load_rows
from connector.runtime.bulk.shared_rows import WorkerRows

PATHS = ["/", "/connections", "/connections/new?kind=oauth2", "/connections/work", "/actions", "/actions/createMeeting", "/runs", "/runs/{run}", "/runs?since=never", "/events", "/events/1", "/events/check", "/records", "/records/users", "/records/users/record?id={user}", "/rates", "/bulk", "/bulk/people", "/bulk/file/rows.csv.createUser", "/author", "/nowhere"]  # fmt: skip
MAX_REQUESTS, MAX_BYTES = 8, 120_000  # of a page


def prepare(page):
    """Connect, and make a call, a refused one and a dry run; return the addresses of all kinds of pages."""
    origin = page.url.rstrip("/")
    page.goto(f"{origin}/connections/new?kind=serverToServer")
    page.fill("#name", "work")
    page.click("main form button")
    page.goto(f"{origin}/actions/getMeeting")
    page.fill("#f-meetingId", "1")
    page.click("button[formaction$='run#result']")
    page.wait_for_selector("#result .told")
    run = page.get_attribute("#result a", "href").rpartition("/")[2]
    page.goto(f"{origin}/events")
    page.fill("#event", "user.activated")
    page.click("form[action$=send] button")
    page.goto(f"{origin}/records/users")
    page.click("form[action$=sync] button")
    user = page.inner_text("#rows a")
    return [origin + path.format(run=run, user=user) for path in PATHS]


@pytest.fixture
def _bulk_runs(monkeypatch, tmp_path):
    """A run in a database and one with a journal, each with a row that is uncertain and one that waits."""
    header = {"connector": "zoom", "action": "deleteUser", "rows": "digest", "values": "digest"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONNECTOR_BULK", f"sqlite:///{tmp_path / 'rows.db'}")
    with Journal(tmp_path / "rows.csv.createUser.journal", {**header, "action": "createUser"}, lambda: 2) as journal:
        journal.record_start(1, 2, None, may_resend=False)
    with SharedJournal(f"sqlite:///{tmp_path / 'rows.db'}", create=True) as shared:
        run = shared.create_run("people", header, count=3, options={}, queue="zoom", keep_going=True)
        list(load_rows(shared, run, [Row(number, number + 1, {}) for number in (1, 2, 3)]))
        worker = WorkerRows(shared, "a")
        worker.take_batch(run := shared.read_run(run.id), 1)
        for number, outcome in ((1, "uncertain"), (2, "rejected")):
            worker.record_start(run, number, None, may_resend=False)
            result = {"row": number, "line": number + 1, "attempts": 1, "outcome": outcome}
            worker.record_result(run, result, stops=False)
        worker.flush()
        worker.close()


@pytest.mark.usefixtures("_bulk_runs")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_any_page(browser, scheme):
    page = browser(scheme=scheme)
    origin = page.url.rstrip("/")
    found = {}
    for address in prepare(page):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.evaluate("document.querySelectorAll('#gone, #busy').forEach(one => one.hidden = false)")
        found[address] = find_violations(page)
    for name, selector in (("/dry-run", "#result h2"), ("/run", "#result h2.done")):
        page.goto(f"{origin}/actions/createMeeting")
        page.fill("#f-userId", "me")
        page.click("button[value=userId]")
        page.wait_for_selector("#f-userId-pick")
        page.click(f"button[formaction$='{name}#result']")
        page.wait_for_selector(selector)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found[name] = find_violations(page)
    assert {name: violations for name, violations in found.items() if violations} == {}


@pytest.mark.usefixtures("_bulk_runs")
def test_a_page_is_a_few_small_requests(browser):
    page = browser()
    addresses = [one for one in prepare(page) if not one.endswith(("never", "nowhere"))]
    for address in addresses:
        sizes = []
        context = page.context.browser.new_context(storage_state=page.context.storage_state())
        fresh = context.new_page()
        fresh.on("requestfinished", lambda request, sizes=sizes: sizes.append(sum(request.sizes()[part] for part in ("responseBodySize", "responseHeadersSize"))))  # fmt: skip
        fresh.goto(address)
        fresh.wait_for_load_state("networkidle")
        context.close()
        assert len(sizes) <= MAX_REQUESTS, address
        assert sum(sizes) <= MAX_BYTES, address


def test_the_first_page_costs_little_work(visit):
    visitor = visit()
    with counted(threads=True) as work:
        visitor.get("/")
    assert work.calls < 15_000


def test_no_page_is_wider_than_a_small_telephone(browser):
    page = browser("examples/hubspot")
    page.set_viewport_size({"width": 320, "height": 640})
    origin = page.url.rstrip("/")
    for path in ("/", "/connections", "/connections/new?kind=oauth", "/actions", "/actions/getExport", "/runs"):
        page.goto(origin + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
