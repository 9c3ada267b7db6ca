"""What people get wrong on a command line is told with what is right, before anything is sent."""

from __future__ import annotations

import io
import sys

import pytest

CREATE = ("run", "createMeeting", "--user-id", "me")
GET = ("run", "getUser", "--user-id", "me")
CANARY = "canary-77d0"
FILES = {
    "call.yaml": "action: createMeeting\ninputs:\n  userId: me\n   topic: X\n",
    "tab.yaml": "action: createMeeting\ninputs:\n\tuserId: me\n",
    "keys.yaml": "action: createMeeting\nconection: work\n",
    "rows.csv": "userId,topic\nme,A\n",
    "wrong.csv": "userid,topci\nme,A\n",
    "unfilled.yaml": "inputs: {email: }\nsteps:\n  a:\n    action: getUser\n"
    "    inputs: {userId: {from: inputs, query: email}}\n",
    "acton.yaml": "acton: createMeeting\ninputs: {}\n",
    "rows.json": '[{"userId": "me", "topic": "A"}]',
    "notes.txt": "Call Anna\nthen Bob\n",
    "photo.png": b"\x89PNG\r\n\x1a\n\0\0",
    "photo.csv": b"\x89PNG\r\n\x1a\n\0\0",
    "bytes.jsonl": b"\0\1\2",
    "latin.yaml": b"action: caf\xe9\n",
    "empty.yaml": "",
    "empty.csv": "",
    "lamps/manifest.yaml": "",
    "lamps/actions.yaml": "",
    "Book.ods": "PK\x03\x04",
}
MISTAKES = [
    # the command
    (("lst",), "Did you mean 'list'?"),
    (("rnu",), "Did you mean 'run'?"),
    (("nothing-like-it",), "The commands are list, show, choices, run"),
    (("login",), "connector connect"),
    (("createMeeting", "--user-id", "me"), "Try 'connector run createMeeting'"),
    (("createMeting", "--user-id", "me"), "Did you mean 'createMeeting'? Actions are run with 'connector run ACTION'"),
    (("help", "createMeting"), "Did you mean 'createMeeting'?"),
    (("connections", "lst"), "Did you mean 'list'?"),
    (("connections", "delete", "work"), "Did you mean 'remove'?"),
    (("webhook", "listen", "--forward-to", "localhost:3000"), "Did you mean 'serve'?"),
    (("records", "pull", "users"), "Did you mean 'sync'?"),
    (("records", "users"), "The commands are sync, list,"),
    (("connections", "create", "work"), "To sign in: connector connect NAME"),
    (("sandbox", "start"), "To serve the sandbox: connector sandbox"),
    (("sandbox", "rest"), "Did you mean 'reset'?"),
    (("run", "listUsers", "|", "jq", "."), "Words such as | and > are for a shell"),
    (("run", "listUsers", "-n", "5"), "Did you mean --limit?"),
    ((*CREATE, "--start", "tomorrow"), "Did you mean --start-time?"),
    (("runs", "916c8a76"), "connector runs show 916c8a76"),
    (("config", "get", "output"), "To see the settings: connector config"),
    (("config", "set", "output=json"), "connector config set output VALUE"),
    (("lint", "call.yaml"), "call.yaml is a file, and a connector is a folder"),
    (("lint", "lamps/actions.yaml"), "Name the folder: "),
    (("import", "https://example.com/openapi.json", "x"), "Download it, and pass the file"),
    (("connect", "work", "--client-id", "abc"), "An input is -i clientId=VALUE"),
    (("new-action", "listOrders", "--method", "GET"), "Unknown option --method. Try 'connector new-action --help'"),
    (("connect", "work", "--client-secret", CANARY), "-i KEY=@FILE, -i KEY=env:NAME or -i KEY=?"),
    (("curl", "-X", "POST", "https://api.zoom.us/v2/users/me/meetings", "-d", CANARY),
     "connector request POST /users/me/meetings -d @FILE"),
    (("curl", f"https://api.zoom.us/v2/users?status={CANARY}", "-H", f"Authorization: Bearer {CANARY}"),
     "connector request GET /users -q status=..."),
    (("https://api.zoom.us/v2/users/me",), "connector request GET /users/me"),
    (("run",), "Name an action ('connector list' lists them), or a call file with -f"),
    (("raw", "GET"), "PATH is missing"),
    (("--connector", "nowhere", "list"), "no manifest.yaml in"),
    (("list", "--connector", "nowhere"), "no manifest.yaml in"),
    # the action
    (("run", "createMeetings"), "Did you mean 'createMeeting'?"),
    (("run", "listMeeting"), "Did you mean 'listMeetings'?"),
    (("show", "createMeting"), "'createMeeting'"),
    (("run", "deleteMeeting", "--meeting-id", "1"), "no action does that; those with 'meeting' are"),
    (("run", "removeUser"), "Did you mean 'deleteUser'?"),
    (("show", "deletWebinar"), "no action does that; those with 'webinar' are"),
    (("show", "createMeeting", "topci"), "Did you mean 'topic'?"),
    # flags
    ((*CREATE, "--tpic", "A"), "Did you mean --topic?"),
    (("list", "--outptu", "json"), "Did you mean --output?"),
    (("download", "getMeetingRecordings", "--at-once", "2"), "Unknown option --at-once. Did you mean --concurrency?"),
    (("connections", "remove", "work", "--keep-token"), "Did you mean --no-revoke?"),
    (("webhook", "events", "--state", "dead"), "Did you mean --status?"),
    (("run", "createUser", "-f", "rows.csv", "--resolv", "1=done"), "Did you mean --resolve?"),
    (("run", "listUsers", "--topic"), "--topic"),
    (("run", "createMeeting", "Standup"), "Give inputs as --user-id VALUE or -i KEY=VALUE"),
    (("run", "createMeeting", "--limit", "3", "--dry-run"), "--limit is for listings; createMeeting returns one"),
    (("raw", "GET", "/users", "--limit", "3", "--sandbox"), "--limit is for listings; a raw request returns one result"),
    (("run", "-f", "a.yaml", "-f", "b.yaml", "--sandbox"), "-f/--file is given 2 times; it takes one value"),
    (("run", "getUser", "--timeout", "1s", "--timeout=2s"), "--timeout is given 2 times"),
    ((*GET, "--sandbox", "--retry", "maxRetries=1", "--retry", "maxRetries=2"), "--retry maxRetries is given twice"),
    (("raw", "GET", "/users", "-d", "a", "-d", "b"), "-d is given 2 times"),
    (("raw", "GET", "/users", "-d"), "Try 'connector request --help'."),
    (("run", "getUser", "--timeout"), "Try 'connector run getUser --help'."),
    (("run", "listUsers", "--fault", "429"), "Add --sandbox"),
    (("run", "listUsers", "--sandbox", "--fault", "flood"), "429"),
    (("run", "listUsers", "--sandbox", "--base-url", "https://example.com"), "Remove one of them"),
    (("run", "listUsers", "--dry-run", "--har", "x.har"), "Remove one of them"),
    (("connect", "--kind", "gold"), "It has oauth2, serverToServer, apiJwt, accessToken."),
    (("run", "createMeeting", "--userid", "me"), "Did you mean --user-id?"),
    (("run", "createMeeting", "-user-id", "me"), "Did you mean --user-id? A flag of several letters begins with two dashes"),
    (("run", "createMeeting", "user-id", "me"), "Did you mean --user-id? Flags begin with two dashes"),
    (("run", "createMeeting", "--topic", "--user-id", "me"), "--topic has no value: --user-id behind it is a flag"),
    (("run", "--topic", "A", "createMeeting"), "Flags of an action come after its name"),
    (("list", "--sandbox"), "'connector list' needs none: it sends nothing to the service"),
    (("show", "createMeeting", "--connection", "work"), "'connector show' needs none"),
    (("run", "listUsers", "--json"), "Did you mean --output json?"),
    (("run", "listUsers", "-o", "json"), "Did you mean --output?"),
    (("run", "listUsers", "--format", "json"), "Did you mean --output?"),
    (("run", "listUsers", "--verbose"), "Did you mean --debug?"),
    (("run", "listUsers", "-y"), "Did you mean --yes?"),
    (("run", "listUsers", "--jq", "users"), "Did you mean --query?"),
    (("run", "listUsers", "--page", "2"), "--limit N ends a listing early"),
    (("run", "listUsers", "--limit", "ten"), "it takes a whole number of at least 1"),
    (("run", "listUsers", "--output", "xlsx"), "'json', 'yaml', 'table', 'lines', 'text', 'csv'"),
    (("run", "createMeeting", "--data", '{"topic": "A"}'), "as JSON they are read from a file: -f FILE.json"),
    (("run", "createMeeting", "-d", "topic=A"), "Inputs are flags or -i KEY=VALUE"),
    (("run", "createMeeting", '{"topic": "A"}'), "Inputs as JSON are read from a file: -f FILE.json"),
    ((*CREATE, "\u2014topic", "A"), "A flag begins with two hyphens (--)"),
    ((*CREATE, "--topic", "\u201cMy", "Standup\u201d"), "Use straight quotes"),
    ((*CREATE, "--duration", "60", "minutes"), "Put a value with spaces in quotes: --duration '...'"),
    (("run", "listUsers", "--query", ".users[].id"), "a JMESPath begins with a name: users[].id"),
    (("run", "listUsers", "--query", "$.users[0].id"), "a JMESPath begins with a name: users[0].id"),
    (("run", "getUser", "--user-id", "<userId>"), "<userId> stands for it where you read it"),
    (("run", "getMeeting", "-i", "meetingId={meetingId}"), "{meetingId} stands for it where you read it"),
    (("run", "meetings", "list"), "Did you mean 'listMeetings'?"),
    (("run", "listUsers", "--output", "tabel"), "Did you mean 'table'?"),
    (("run", "listUsers", "--output", "users.csv"), "to write a file: --output csv > users.csv"),
    (("run", "listUsers", "--output", "out/users.yml"), "to write a file: --output yaml > out/users.yml"),
    (("run", "listUsers", "--limit", "0"), "--limit': it takes a whole number of at least 1"),
    (("run", "listUsers", "--account"), "write --account ID"),
    (("run", "listUsers", "--sandbox=true"), "--sandbox alone switches it on"),
    (("run", "listUsers", "--sandbox", "--fault", "drop-rply"), "Did you mean 'drop-reply'?"),
    (("run", "listUsers", "--max-age", "five"), "Fix: such as 5m"),
    (("runs", "--outcome", "don"), "Did you mean 'done'?"),
    (("runs", "--outcome", "failed"), "Did you mean --failed, without --outcome?"),
    (("runs", "--door", "comand"), "'cli'"),
    (("runs", "--since", "yesterday"), "how long ago: 30s, 90m, 2h, 3d. Fix: 1d is a day ago"),
    (("webhook", "events", "--status", "ded"), "Did you mean 'dead'?"),
    (("completion", "bsh"), "Did you mean 'bash'?"),
    (("completion", "powershell"), "'bash', 'zsh', 'fish'"),
    (("records", "sync", "users", "--every", "tenm", "--sandbox"), '--every: got "tenm"'),
    (("sandbox", "--port", "99999999"), "a whole number of at least 0 and at most 65,535"),
    (("run", "createUser", "-f", "rows.csv", "--map", "Mail:email"), "such as --map Mail=email"),
    (("run", "createUser", "-f", "rows.csv", "--rows-format", "cvs"), "Did you mean 'csv'?"),
    (("run", "listUsers", "--retry", "3"), "Example: --retry maxRetries=3"),
    (("run", "listUsers", "--timeout", "10sec"), "such as 10s"),
    (("run", "listUsers", "--timeout", "0"), "--timeout"),
    ((*CREATE, "--password", CANARY), "secrets must not be on the command line"),
    ((*CREATE, "-i", f"password={CANARY}"), "password=@FILE, password=env:NAME or password=? for a prompt"),
    # quotes and blanks
    ((*CREATE, "--topic", "My", "Standup"), "Put a value with spaces in quotes: --topic '...'"),
    ((*CREATE, "topic", "=", "Standup"), "Write KEY=VALUE as one word, without blanks around the ="),
    ((*CREATE, "-i", "topic", "=", "Standup"), "Write KEY=VALUE as one word, without blanks around the ="),
    (("run", "createMeeting", "-i", "userId = me"), "write userId=VALUE without blanks around the ="),
    ((*CREATE, "-i", "topic:Standup"), "write = for the : at position 6"),
    ((*CREATE, "topic=Standup"), "Write --topic VALUE, or -i topic=VALUE"),
    ((*CREATE, "--weekly-day", "2", "3"), "Repeat the flag for each value: --weekly-day A --weekly-day B"),
    ((*CREATE, "--settings-extra-fields", "{'focus_mode': true}"), 'did you mean {"focus_mode": true}?'),
    ((*CREATE, "--settings-extra-fields", "{focus_mode:true}"), 'did you mean {"focus_mode": true}?'),
    ((*CREATE, "--settings-extra-fields", "{focus_mode:", "true}"), "Put JSON in single quotes"),
    ((*CREATE, "--settings-extra-fields", "'{focus_mode:"), "leave the single quotes out"),
    ((*CREATE, "--settings-extra-fields", '{\\"focus_mode\\": true}'), "leave the backslashes out"),
    ((*CREATE, "--settings-extra-fields", "focus_mode=true"), 'write an object: {"focus_mode": ...}'),
    # values
    ((*CREATE, "--meeting-type", "Schedueld"), "did you mean 2?"),
    ((*CREATE, "-i", "duration:=60m"), "write duration=60m, with = alone, for a text"),
    ((*CREATE, "-i", "topic:=My Standup"), "write 'topic=My Standup', with = alone, for a text"),
    ((*CREATE, "-i", "settingsExtraFields:={focus_mode: true}"), 'did you mean {"focus_mode": true}?'),
    (("connect", "--kind", "accessToken", "--unencrypted", "-i", "region:=eu"), "region"),
    ((*CREATE, "--duration", "90s"), "90s is 1.5 minutes"),
    ((*CREATE, "--duration", "25h"), "1 to 1440 minutes"),
    ((*CREATE, "--start-time", "2030-01-07"), "add the time, such as 2030-01-07T09:00:00Z"),
    ((*CREATE, "--start-time", "2030-13-01 09:00"), "there is no day 2030-13-01"),
    ((*CREATE, "--start-time", "2030-02-30T09:00:00Z"), "there is no day 2030-02-30"),
    ((*CREATE, "--host-video", "maybe"), "write true or false"),
    ((*CREATE, "--timezone", "Europe/Berln"), "did you mean Europe/Berlin?"),
    (("run", "getMeeting", "--meeting-id", "https://zoom.us/j/89347503123?pwd=x"), "the id in it is 89347503123"),
    # requests
    (("request", "GTE", "/users/me"), "Did you mean 'GET'?"),
    (("request", "/users/me"), "METHOD is missing before the path"),
    (("request", "https://api.zoom.us/v2/users/me"), "METHOD is missing before the path"),
    (("request", "GET", "users/me"), "write '/users/me'"),
    (("request", "GET", "https://api.zoom.us/v2/users/me"), "the host is fixed; write '/users/me'"),
    (("request", "GET", "/users?status=active"), "-q NAME=VALUE"),
    (("raw", "GET", "/users", "-q", "a", "--dry-run"), "add = and a value after position 1"),
    (("request", "GET", "/users/me", "-X", "POST"), "METHOD is the first word"),
    (("request", "POST", "/users", "-d", "{'a': 1}"), 'did you mean {"a": 1}?'),
    (("request", "GET", "/users", "-H", f"Authorization: Bearer {CANARY}"), "it comes from the connection"),
    (("run", "listUsers", "--dry-run", "--base-url", "http://api.zoom.us/v2"), "https://"),
    (("raw", "GET", "/users", "--dry-run", "--base-url", "127.0.0.1:1/v2"), "begin with https://, or http:// on loopback"),
    # files
    (("run", "-f", "call.yaml"), "call.yaml:4:9: yaml: mapping values are not allowed in this context. Check the indentation"),
    (("run", "-f", "tab.yaml"), "Indent with spaces, not tabs"),
    (("run", "-f", "keys.yaml"), "Did you mean 'connection'?"),
    (("run", "-f", "cal.yaml"), "Did you mean 'call.yaml'?"),
    (("run", "-f", "rows.csv"), "connector run ACTION -f rows.csv"),
    ((*CREATE, "-f", "row.csv"), "Did you mean 'rows.csv'?"),
    (("run", "-f", "rows.json"), "Rows, or the inputs of one call, need an action: connector run ACTION -f rows.json"),
    (("run", "-f", "notes.txt"), "A call file has 'action: NAME' and 'inputs:'"),
    (("run", "-f", "acton.yaml"), "Did you mean 'action'?"),
    (("run", "-f", "."), ".: it is a folder; expected a call file"),
    (("run", "-f", "photo.png"), "it is a picture (PNG); expected a call file"),
    (("run", "-f", "empty.yaml"), "it is empty; expected a call file"),
    (("run", "-f", "latin.yaml"), "latin.yaml:1:12: utf-8: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    (("run", "-f", "nowhere/at.all"), "there is no such file; expected a call file"),
    (("run", "-f", "lamps", "--sandbox"), "it is the folder of a connector, which --connector names"),
    (("run", "createMeeting", "-f", "."), "it is a folder; expected rows for createMeeting"),
    (("run", "createMeeting", "-f", "photo.csv"), "it is a picture (PNG); expected rows for createMeeting: CSV,"),
    (("run", "createMeeting", "-f", "empty.csv"), "it is empty; expected rows for createMeeting: CSV,"),
    (("run", "createMeeting", "-f", "bytes.jsonl"), "it is no text; expected rows for createMeeting: CSV,"),
    (("run", "createMeeting", "-f", "notes.txt"), "For the text of a file as one input: -i KEY=@notes.txt"),
    (("run", "createMeeting", "-i", "@call.yaml"), "'connector run createMeeting -f call.yaml' reads all inputs"),
    (("run", "createMeeting", "-i", '{"topic": "A"}'), "connector run createMeeting -f FILE.json"),
    (("request", "POST", "/users/me/meetings", "topic=A"), """a body -d '{"NAME": "VALUE"}'"""),
    (("request", "GET", "/users", "status==active"), "A part of the query is -q NAME=VALUE. Try"),
    (("request", "POST", "/users", "-d", "@cal.yaml"), "Did you mean 'call.yaml'?"),
    (("run", "createMeeting", "-f", "wrong.csv"), "use --map userid=userId"),
    (("run", "createMeeting", "-f", "Book.ods"), "Save it as .xlsx or as CSV"),
    ((*CREATE, "-i", "topic=@missing.txt"), "missing.txt: No such file or directory"),
    (("lint", "nowhere"), "no manifest.yaml in"),
    (("run", "-f", "unfilled.yaml", "--sandbox"), "no schema has it. It has email."),
    # records
    (("records", "sync", "meeting", "--sandbox"), "Did you mean 'meetings'?"),
    (("records", "query", "SELECT id FROM users", "--sandbox"), "reads the views zoom_users, zoom_meetings,"),
    # connections and settings
    (("connect", "--kind", "ouath2"), "Did you mean 'oauth2'?"),
    (("config", "set", "conection", "work"), "Did you mean 'connection'?"),
    (("run", "listUsers", "--profile", "staging"), "a profile of"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "right"), MISTAKES, ids=[" ".join(words)[:60] for words, _ in MISTAKES])
def test_a_mistake_is_told_with_what_is_right(here, tmp_path, words, right):
    (tmp_path / "lamps").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    done = here(*words)
    assert done.code == 2
    assert right in done.err
    assert CANARY not in done.out + done.err
    assert "Traceback" not in done.err


def test_an_unknown_connection_is_told_with_how_to_make_it(here):
    done = here(*GET, "--connection", "wrk")
    assert (done.code, "connector connect wrk" in done.err) == (3, True)


def test_a_value_that_looks_like_a_flag_stands_behind_its_equals_sign(here):
    done = here(*CREATE, "--topic=--user-id", "--dry-run", "--output", "json")
    assert (done.code, done.data["body"]["topic"]) == (0, "--user-id")


def test_a_text_body_that_begins_as_json_is_sent_where_a_header_says_what_it_is(here):
    words = ("request", "POST", "/users", "-d", "{not json", "-H", "Content-Type=text/plain", "--dry-run")
    assert here(*words).code == 0


def test_standard_input_is_not_given_to_a_second_argument_as_nothing(here, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Standup")))
    done = here(*CREATE, "-i", "topic=@-", "-i", "agenda=@-", "--dry-run")
    assert done.code == 2
    assert "standard input can be read once" in done.err
