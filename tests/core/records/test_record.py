"""What a sight of a record changes in the copy of it."""

from __future__ import annotations

from connector.core.records.record import Record, Sight, apply_sight


def see(source="list", **facts):
    return Sight(resource="meetings", id="7", source=source, **facts)


def read_whole(data, at):
    record, _ = apply_sight(None, see("get", data=data, is_whole=True), at)
    return record


def test_the_first_sight_adds_a_record():
    record, change = apply_sight(None, see(data={"id": 7}, parent="ada", listing="/users/ada/meetings"), 10.0)
    assert change == "added"
    assert (record.parent, record.listing, record.seen_at, record.whole_at) == (
        "ada",
        "/users/ada/meetings",
        10.0,
        None,
    )


def test_a_list_that_tells_some_fields_leaves_the_others():
    record, change = apply_sight(
        read_whole({"id": 7, "agenda": "a", "topic": "t"}, 10.0), see(data={"topic": "u"}), 11.0
    )
    assert (record.data, change) == ({"id": 7, "agenda": "a", "topic": "u"}, "changed")
    assert record.whole_at == 10.0


def test_a_whole_read_replaces_all_fields():
    record, change = apply_sight(
        read_whole({"id": 7, "agenda": "a"}, 10.0), see("get", data={"id": 7}, is_whole=True), 11.0
    )
    assert (record.data, change, record.whole_at) == ({"id": 7}, "changed", 11.0)


def test_the_same_data_is_seen_again_and_no_change():
    record, change = apply_sight(read_whole({"id": 7, "topic": "t"}, 10.0), see(data={"topic": "t"}), 12.0)
    assert (change, record.seen_at) == (None, 12.0)


def test_an_older_sight_changes_nothing():
    known = read_whole({"id": 7, "topic": "new"}, 10.0)
    assert apply_sight(known, see(data={"topic": "old"}), 9.0) == (known, None)
    assert apply_sight(known, see("event", is_gone=True), 9.0) == (known, None)


def test_what_a_wrong_clock_saw_in_the_future_does_not_keep_what_is_seen_now_away():
    known = read_whole({"id": 7, "topic": "old"}, 90_000.0)
    record, change = apply_sight(known, see(data={"topic": "new"}), 100.0, 100.0)
    assert (record.data["topic"], record.seen_at, change) == ("new", 100.0, "changed")
    assert apply_sight(read_whole({"id": 7}, 150.0), see(data={"topic": "late"}), 100.0, 100.0)[1] is None


def test_a_write_without_a_reply_makes_the_record_unfit_to_answer_a_read():
    record, change = apply_sight(read_whole({"id": 7}, 10.0), see("write"), 11.0)
    assert (record.whole_at, change) == (None, None)
    assert apply_sight(None, see("write"), 11.0) == (None, None)


def test_a_record_is_gone_once_and_added_when_it_is_seen_again():
    gone, change = apply_sight(read_whole({"id": 7}, 10.0), see("write", is_gone=True), 11.0)
    assert (gone.gone_at, change) == (11.0, "gone")
    assert apply_sight(gone, see(is_gone=True), 12.0) == (gone, None)
    back, change = apply_sight(gone, see(data={"id": 7}), 13.0)
    assert (back.gone_at, back.whole_at, change) == (None, None, "added")


def test_what_was_never_seen_cannot_be_gone():
    assert apply_sight(None, see(is_gone=True), 1.0) == (None, None)


def test_a_record_is_shown_as_json():
    shown = Record(resource="meetings", id="7", data={"id": 7}, seen_at=1.0).to_dict()
    assert (shown["id"], shown["data"], shown["gone_at"]) == ("7", {"id": 7}, None)


def test_fields_that_another_source_tells_are_known_and_are_no_change():
    first, _ = apply_sight(None, Sight(resource="users", id="1", source="event", data={"id": 1, "name": "Ada"}), 1.0)
    listed = Sight(resource="users", id="1", source="list", data={"id": 1, "name": "Ada", "dept": "Sea"})
    second, change = apply_sight(first, listed, 2.0)
    assert (change, second.data["dept"]) == (None, "Sea")
    renamed = Sight(resource="users", id="1", source="event", data={"name": "Eva"})
    third, change = apply_sight(second, renamed, 3.0)
    assert (change, third.data) == ("changed", {"id": 1, "name": "Eva", "dept": "Sea"})
    grown = Sight(resource="users", id="1", source="event", data={"name": "Eva", "title": "Captain"})
    assert apply_sight(third, grown, 4.0)[1] == "changed"
