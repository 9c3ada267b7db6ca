"""A test puts records where the service would have them."""

from __future__ import annotations

import pytest

from connector import errors


def test_seeded_records_are_listed_read_and_changed(sandbox, in_process_client):
    first, second = sandbox.seed(
        "meetings", [{"topic": "Retro", "parent": "me", "id": 81}, {"topic": "Plan", "parent": "ada@example.com"}]
    )
    listed = [(one["id"], one["topic"]) for one in in_process_client.items("listMeetings", {"userId": "me"})]
    assert listed == [(81, "Retro"), (second["id"], "Plan")]
    assert in_process_client.request("GET", f"/meetings/{second['id']}").data["topic"] == "Plan"
    assert (first["id"], first["host_email"]) == (81, "ada@example.com")


def test_a_child_of_a_seeded_record_finds_its_parent(sandbox, in_process_client):
    (user,) = sandbox.seed("users", [{"email": "grace@example.com", "first_name": "Grace"}])
    sandbox.seed("meetings", [{"topic": "Compilers", "parent": user["id"]}])
    listed = [one["topic"] for one in in_process_client.items("listMeetings", {"userId": "grace@example.com"})]
    assert listed == ["Compilers"]


@pytest.mark.parametrize(
    ("resource", "record", "message"),
    [
        ("meeting", {}, "Did you mean 'meetings'"),
        ("meetings", {"topic": "No host"}, "no record of users has the id None"),
        ("meetings", {"topic": "A stranger's", "parent": "nobody"}, "no record of users has the id 'nobody'"),
        ("users", {"id": "KdYKjnimT4KPd8FFgQt9FQ"}, "there is a record 'KdYKjnimT4KPd8FFgQt9FQ' already"),
        ("users", {"first_name": object()}, "first_name is no JSON value"),
    ],
)
def test_a_record_that_cannot_be_is_refused_and_none_is_added(sandbox, in_process_client, resource, record, message):
    good = {"topic": "Fine", "parent": "me"} if resource == "meetings" else {"first_name": "Fine"}
    with pytest.raises(errors.UsageError, match=message):
        sandbox.seed(resource, [good, record])
    assert in_process_client.run("listMeetings", {"userId": "me"}).data["meetings"] == []
    assert len(in_process_client.run("listUsers").data["users"]) == 1


def test_two_records_of_one_id_are_refused(sandbox):
    with pytest.raises(errors.UsageError, match="already"):
        sandbox.seed("users", [{"id": "a"}, {"id": "a"}])
