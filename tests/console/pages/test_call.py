"""An action's form: live choices, a dry run that sends nothing, a run with what came of it; secrets in no page."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

SECRET = "s3cr3t-pw"
FORM = {"in.userId": "me", "in.topic": "Standup", "in.password": SECRET}


def test_a_form_has_a_labelled_control_for_every_input(visitor):
    seen = visitor.get("/actions/createMeeting")
    shown = visitor.desk.connector.form_schema("createMeeting")["properties"]
    for key in set(shown) - {"connection", "debugRequest"}:
        assert f'<label for="f-{key}">' in seen.html or f'<fieldset id="f-{key}">' in seen.html, key
        assert f'name="in.{key}"' in seen.html


def test_a_default_is_told_and_not_sent(visitor):
    assert "Default: No" in visitor.get("/actions/createMeeting").text
    seen = visitor.post("/actions/createMeeting/dry-run", FORM)
    request = seen.text.partition("Request")[2]
    assert '"topic": "Standup"' in request
    assert "duration" not in request.partition("As curl")[0]


def test_a_dry_run_shows_the_call_in_every_form_and_sends_nothing(visitor):
    seen = visitor.post("/actions/createMeeting/dry-run", FORM)
    assert seen.status == 200
    assert "POST https://api.zoom.us/v2/users/me/meetings" in seen.text
    assert "curl -X POST" in seen.text
    assert "action: createMeeting" in seen.text
    assert "client.run('createMeeting'" in seen.text
    assert '"version": "1.2"' in seen.text
    assert SECRET not in seen.html
    assert visitor.desk.log.find() == []


def test_a_value_may_be_entered_as_people_write_it(visitor):
    entered = {"in.duration": "1h30m", "in.startTime": "2030-01-07 09:00"}
    seen = visitor.post("/actions/createMeeting/dry-run", {**FORM, **entered})
    assert '"duration": 90' in seen.text
    assert '"start_time": "2030-01-07T09:00:00"' in seen.text
    refused = visitor.post("/actions/createMeeting/dry-run", {**FORM, "in.duration": "90s"})
    assert refused.status == 422
    assert "a whole number of minutes" in refused.text


def test_a_run_leads_to_its_answer_and_stands_in_the_log(visitor):
    seen = visitor.post("/actions/createMeeting/run", FORM)
    assert seen.path == "/actions/createMeeting"
    assert "Done" in seen.text
    assert "join_url" in seen.text
    [run] = visitor.desk.log.find()
    assert (run.action, run.door, run.outcome) == ("createMeeting", "console", "done")
    assert f"/runs/{run.id}" in seen.html
    assert 'value="Standup"' in seen.html, "the form keeps what was entered"
    assert SECRET not in seen.html + json.dumps(run.to_dict())


def test_an_answer_is_shown_as_a_table_as_json_and_by_a_query(visitor):
    visitor.post("/actions/createMeeting/run", FORM)
    seen = visitor.post("/actions/listMeetings/run", {"in.userId": "me"})
    key = seen.html.partition('name="result" value="')[2].partition('"')[0]
    assert '<th scope="col">topic</th>' in seen.html
    as_json = visitor.get("/actions/listMeetings", result=key, **{"as": "json"})
    assert "&#34;meetings&#34;: [" in as_json.html
    selected = visitor.get("/actions/listMeetings", result=key, query="meetings[].topic", **{"as": "json"})
    assert "[ &#34;Standup&#34; ]" in " ".join(selected.html.split())
    wrong = visitor.get("/actions/listMeetings", result=key, query="meetings[")
    assert "JMESPath" in wrong.text.partition("Select with JMESPath")[2]
    assert json.loads(visitor.get(f"/results/{key}/data.json").html)["meetings"][0]["topic"] == "Standup"


def test_all_problems_are_told_at_once_and_nothing_is_sent(visitor):
    seen = visitor.post("/actions/createMeeting/run", {"in.duration": "abc", "in.trackingFields": "{"})
    assert seen.status == 422
    assert "nothing was sent" in seen.text
    assert "trackingFields" in seen.text
    seen = visitor.post("/actions/createMeeting/run", {"in.duration": "abc"})
    assert "userId" in seen.text.partition("nothing was sent")[2]
    assert "duration" in seen.text.partition("nothing was sent")[2]
    assert 'aria-invalid="true"' in seen.html
    assert visitor.desk.log.find() == []


def test_what_the_service_refuses_is_told_with_its_outcome(visitor):
    seen = visitor.post("/actions/getMeeting/run", {"in.meetingId": "1"})
    assert "Refused" in seen.text
    assert 'role="alert"' in seen.html


def test_what_destroys_wants_a_yes(visitor):
    made = {"in.action": "create", "in.email": "a@example.com", "in.type": "1", "in.userType": "1"}
    visitor.post("/actions/createUser/run", made)
    seen = visitor.post("/actions/deleteUser/run", {"in.userId": "me"})
    assert seen.status == 422
    assert "tick the box" in seen.text
    assert all(run.action != "deleteUser" for run in visitor.desk.log.find())
    seen = visitor.post("/actions/deleteUser/run", {"in.userId": "nobody", "confirmed": "yes"})
    assert any(run.action == "deleteUser" for run in visitor.desk.log.find())


def test_a_console_that_only_reads_offers_and_runs_nothing_else(visit):
    visitor = visit(read_only=True)
    assert "Create Meeting" not in visitor.get("/actions").text
    assert "/run#result" not in visitor.get("/actions/createMeeting").html
    seen = visitor.post("/actions/createMeeting/run", FORM)
    assert "only reads" in seen.text
    assert visitor.desk.log.find() == []
    assert "Done" in visitor.post("/actions/listUsers/run", {}).text


@pytest.mark.parametrize("name", ["nowhere", "../manifest"])
def test_an_unknown_action_is_told(visitor, name):
    assert visitor.get(f"/actions/{name}").status in (404, 422)


def test_the_form_shows_the_live_choices_of_an_input_and_keeps_the_rest(visit):
    visitor = visit("examples/slack")
    seen = visitor.get("/actions/postMessage")
    assert "Look up choices" in seen.text
    seen = visitor.post("/actions/postMessage/choices", {"choices": "channel", "in.text": "Hello"})
    assert "Hello" in seen.html
    assert 'name="pick.channel"' in seen.html
    assert seen.html.count("<option", seen.html.index('name="pick.channel"')) > 1


def test_a_choice_counts_for_more_than_the_text_beside_it(visitor):
    seen = visitor.post(
        "/actions/createMeeting/dry-run",
        {**FORM, "in.timezone": "Mars", "pick.timezone": "Africa/Cairo", "was.timezone": "Mars"},
    )
    assert '"timezone": "Africa/Cairo"' in seen.text


def test_a_raw_request_that_deletes_wants_a_yes_too(visitor):
    form = {"in.method": "DELETE", "in.url": "/users/nobody", "in.path": "/users/nobody"}
    seen = visitor.post("/actions/rawRequest/run", form)
    assert "tick the box" in seen.text
    assert visitor.desk.log.find() == []
    assert (
        "Done"
        in visitor.post("/actions/rawRequest/run", {"in.method": "GET", "in.path": "/users", "in.url": "/users"}).text
    )


def test_a_write_whose_reply_is_lost_is_told_as_uncertain_and_wants_a_yes_to_be_made_again(visitor):
    visitor.desk.context.sandbox_instance.drop_reply("createMeeting")
    seen = visitor.post("/actions/createMeeting/run", FORM)
    assert "Uncertain: it may have been done" in seen.text
    run = visitor.desk.log.find()[0]
    assert f"/runs/{run.id}" in seen.html
    assert "may have been done already" in visitor.get(f"/runs/{run.id}").text


def test_to_load_the_page_of_an_answer_again_sends_nothing_again(visitor):
    seen = visitor.post("/actions/createMeeting/run", FORM)
    key = seen.html.partition('name="result" value="')[2].partition('"')[0]
    assert "join_url" in visitor.get("/actions/createMeeting", result=key).text
    assert len(visitor.desk.log.find()) == 1
    assert "join_url" not in visitor.get("/actions/createMeeting", result="another").text


def test_a_file_is_sent_as_it_was_chosen(visit):
    visitor = visit("tests/connectors/chat/discord")
    assert 'type="file"' in visitor.get("/actions/sendMessage").html
    form = {"in.channelId": "41771983423143938", "in.content": "Ship ahoy"}
    seen = visitor.post("/actions/sendMessage/dry-run", form, {"in.file": ("note.txt", b"hello")})
    assert "note.txt" in seen.text
    assert "hello" not in seen.text
    assert "file=@FILE" in seen.text


def test_calls_at_the_same_time_lead_each_to_its_own_run(visitor):
    def call(topic):
        key = visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": topic}).html
        return visitor.desk.log.get(re.search(r'href="/runs/([^"]+)"', key)[1]).inputs["topic"]

    topics = [f"topic {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, topics)) == topics
