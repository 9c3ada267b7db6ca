"""The copy of records: synced, counted, listed, one of them, and what changed."""

from __future__ import annotations

import pytest
from support.pages.browsing.consoles import make_desk

from connector.console.pages import records
from connector.console.visit import Visit

CANARY = "c4n4ry-rec"


def test_a_sync_reads_lists_into_the_copy_and_says_how_many(visitor):
    assert "Nothing yet" in visitor.get("/records").text
    seen = visitor.post("/records/sync", {"resource": "users", "connection": ""})
    assert seen.path == "/records/users"
    assert "users: 1 record in 1 list." in seen.text
    assert "ada@example.com" in seen.text
    assert "added users" in visitor.get("/records").text


def test_all_resources_are_synced_at_once(visitor):
    visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup"})
    seen = visitor.post("/records/sync")
    assert seen.path == "/records"
    assert "meetings: 1 record in 1 list." in seen.text
    assert "Standup" in visitor.get("/records/meetings").text


def test_rows_lead_to_records(visitor):
    visitor.post("/records/sync", {"resource": "users"})
    [record] = visitor.desk.records.find("zoom", "users")
    assert f'href="/records/users/record?id={record.id}' in visitor.get("/records/users").html
    seen = visitor.get("/records/users/record", id=record.id)
    assert '"email": "ada@example.com"' in seen.text
    assert "in a list" in seen.text


def test_what_is_gone_is_left_out_until_it_is_asked_for(visitor):
    visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup"})
    visitor.post("/records/sync", {"resource": "meetings"})
    visitor.desk.context.sandbox_instance.reset()
    visitor.post("/records/sync", {"resource": "meetings", "full": "yes"})
    assert "The copy has none that fit" in visitor.get("/records/meetings").text
    assert "gone just now" in visitor.get("/records/meetings", gone="yes").text
    assert "The copy has none that fit" in visitor.get("/records/meetings", gone="yes", parent="nobody").text


@pytest.mark.parametrize("path", ["/records/nope", "/records/users/record?id=nope"])
def test_an_unknown_resource_or_record_is_told(visitor, path):
    seen = visitor.get(path)
    assert seen.status == 404
    assert "nope" in seen.text


def test_records_show_no_secret(visitor):
    form = {"in.userId": "me", "in.topic": "Standup", "in.password": CANARY}
    visitor.post("/actions/createMeeting/run", form)
    visitor.post("/records/sync", {"resource": "meetings"})
    [record] = visitor.desk.records.find("zoom", "meetings")
    pages = [visitor.get("/records"), visitor.get("/records/meetings")]
    pages.append(visitor.get("/records/meetings/record", id=record.id))
    assert "Standup" in pages[2].text
    assert all(CANARY not in page.html for page in pages)


def test_a_console_that_only_reads_shows_the_copy_and_syncs_nothing(visit):
    visitor = visit(read_only=True)
    assert "Sync" not in visitor.get("/records").text
    assert visitor.post("/records/sync").status == 403


def test_a_connector_without_resources_says_so(visit, tmp_path):
    (tmp_path / "plain" / "actions").mkdir(parents=True)
    (tmp_path / "plain" / "manifest.yaml").write_text(
        "connector: plain\nversion: 1.0.0\nlabel: Plain\nsummary: Nothing is kept of it.\nbase_url: https://api.example.com\n"
        "allowed_hosts: [api.example.com]\n"
    )
    assert "names no resources" in visit(tmp_path / "plain").get("/records").text


def test_the_page_is_told_what_the_copy_learns():
    desk = make_desk()
    desk.wait_for_end = lambda _: False
    news = iter(records.stream_changes(desk, Visit(query={"seen": ["0"]})).events)
    assert next(news) == ""
    records.sync(desk, Visit(form={"resource": ["users"]}))
    assert next(news).startswith("1 True users: 1 record")
    desk.close()
