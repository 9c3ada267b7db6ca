"""What each command's help shows below its options: calls as people make them, and the page that says more."""

from __future__ import annotations

import os


class Examples:
    """Command lines, each with what it does, and the page of the documentation."""

    def __init__(self, page: str, commands: tuple[tuple[str, str], ...]) -> None:
        self.page, self.commands = page, commands

    def format_page(self) -> str:
        """Return where to read the page: its file, where the documentation lies beside the package; else its name."""
        folder = __file__.rsplit(os.sep, 4)[0]  # without pathlib, whose import is a fifth of the help page
        is_here = os.access(f"{folder}/{self.page}", os.R_OK)
        return self.page if is_here else f"{self.page.removeprefix('docs/')} in the documentation"


_ONE_MEETING = "connector run createMeeting --user-id me --topic Standup"

EXAMPLES: dict[str, Examples] = {
    "": Examples("docs/tutorial.md", (
        ("what the connector can do", "connector list"),
        ("one action: its inputs and an example", "connector show createMeeting"),
        ("try it; the sandbox needs no account", f"{_ONE_MEETING} --sandbox"),
        ("sign in, then do it for real", "connector connect work"),
    )),
    "list": Examples("docs/tutorial.md", (
        ("the actions about recordings", "connector list recording"),
        ("all of them, as data", "connector list --output json"),
        ("the connectors that are installed", "connector list --connectors"),
    )),
    "show": Examples("docs/terminal.md", (
        ("the inputs, one a line, and an example", "connector show createMeeting"),
        ("all notes and the example payload too", "connector show createMeeting --all"),
        ("one input", "connector show createMeeting meetingType"),
    )),
    "choices": Examples("docs/commands.md", (
        ("the time zones that name Berlin", "connector choices createMeeting timezone --search Berlin"),
    )),
    "run": Examples("docs/tutorial.md", (
        ("a meeting", _ONE_MEETING),
        ("see the request, send nothing", f"{_ONE_MEETING} --dry-run"),
        ("its link alone", f"{_ONE_MEETING} --query join_url"),
        ("every meeting, as a table", "connector run listMeetings --user-id me --output table"),
        ("the calls of a file", "connector run -f calls.yaml"),
        ("a user for each row of a file", "connector run createUser -f people.csv -i userType=1"),
    )),
    "request": Examples("docs/raw-requests.md", (
        ("read", "connector request GET /users/me -q login_type=100"),
        ("write", """connector request PATCH /users/me -d '{"dept": "Sales"}'"""),
        ("every page", "connector request GET /users --paginate --page-size 100"),
    )),
    "download": Examples("docs/downloads.md", (
        ("every file of a recording", "connector download getMeetingRecordings -i meetingId=93171255240 -o recordings"),
        ("one file", "connector download https://example.com/rec/abc -o talk.mp4"),
    )),
    "bulk": Examples("docs/bulk-workers.md", (
        ("how far the runs are", "connector bulk status --on sqlite:///bulk.sqlite"),
    )),
    "bulk work": Examples("docs/bulk-workers.md", (
        ("run rows until Ctrl-C", "connector bulk work --on sqlite:///bulk.sqlite --concurrency 4"),
    )),
    "bulk status": Examples("docs/bulk-workers.md", (
        ("the runs of a database", "connector bulk status --on sqlite:///bulk.sqlite"),
    )),
    "bulk results": Examples("docs/bulk-workers.md", (
        ("the rows that failed", "connector bulk results --on sqlite:///bulk.sqlite --outcome rejected"),
    )),
    "bulk resume": Examples("docs/bulk-workers.md", (
        ("what failed, again", "connector bulk resume --on sqlite:///bulk.sqlite --retry-failed"),
    )),
    "bulk cancel": Examples("docs/bulk-workers.md", (
        ("stop the run", "connector bulk cancel --on sqlite:///bulk.sqlite"),
    )),
    "connect": Examples("docs/connections.md", (
        ("in the browser", "connector connect work"),
        ("try it without an account", "connector connect work --sandbox"),
        ("an app's own account, its secret prompted for",
         "connector connect reports --kind serverToServer -i accountId=abc -i clientId=def -i clientSecret=?"),
    )),
    "connections": Examples("docs/connections.md", (("what is stored", "connector connections list"),)),
    "connections list": Examples("docs/connections.md", (("what is stored", "connector connections list"),)),
    "connections show": Examples("docs/connections.md", (("one, without secrets", "connector connections show work"),)),
    "connections test": Examples("docs/connections.md", (
        ("make one call with it", "connector connections test work"),
    )),
    "connections remove": Examples("docs/connections.md", (
        ("revoke its tokens and forget it", "connector connections remove work"),
    )),
    "connections key": Examples("docs/connections.md", (("a key of the store", "connector connections key"),)),
    "connections rotate": Examples("docs/connections.md", (
        ("encrypt all with the newest key", "connector connections rotate"),
    )),
    "sandbox": Examples("docs/sandbox.md", (
        ("serve it to any program", "connector sandbox --port 8765"),
        ("begin anew", "connector sandbox reset"),
    )),
    "sandbox reset": Examples("docs/sandbox.md", (("begin anew", "connector sandbox reset"),)),
    "runs": Examples("docs/runs.md", (
        ("what failed today", "connector runs list --failed --since 24h"),
        ("watch", "connector runs tail -f"),
    )),
    "runs list": Examples("docs/runs.md", (("what failed today", "connector runs list --failed --since 24h"),)),
    "runs show": Examples("docs/runs.md", (("requests, replies and waits", "connector runs show 916c8a76"),)),
    "runs tail": Examples("docs/runs.md", (("what goes wrong, as it happens", "connector runs tail -f --failed"),)),
    "runs again": Examples("docs/runs.md", (("the same call", "connector runs again 916c8a76 --dry-run"),)),
    "records": Examples("docs/records.md", (
        ("copy users and meetings", "connector records sync users meetings"),
        ("ask the copy", 'connector records query "SELECT id, seen_at FROM connector_records"'),
    )),
    "records sync": Examples("docs/records.md", (
        ("keep a copy fresh", "connector records sync users meetings --every 10m"),
    )),
    "records list": Examples("docs/records.md", (("the newest copy of users", "connector records list users"),)),
    "records show": Examples("docs/records.md", (("one meeting", "connector records show meetings 93171255240"),)),
    "records query": Examples("docs/records.md", (
        ("what is gone", 'connector records query "SELECT id FROM connector_records WHERE gone_at IS NOT NULL"'),
    )),
    "records export": Examples("docs/records.md", (
        ("for a spreadsheet", "connector records export csv users -o users.csv"),
    )),
    "records forget": Examples("docs/records.md", (
        ("before another account gets the name", "connector records forget work"),
    )),
    "records changes": Examples("docs/records.md", (("what changes, as it comes", "connector records changes -f"),)),
    "console": Examples("docs/console.md", (
        ("try everything against a simulated service", "connector console --sandbox"),
        ("look, and change nothing", "connector console --read-only"),
    )),
    "mcp": Examples("docs/mcp.md", (
        ("tools that only read", "connector mcp --connection work --read-only"),
        ("over HTTP", "connector mcp --sandbox --http 127.0.0.1:8765"),
    )),
    "webhook": Examples("docs/webhooks.md", (
        ("receive, and run a program for each event", "connector webhook serve --exec ./handle-event"),
        ("try it", "connector webhook send meeting.started --to http://127.0.0.1:8765/webhook --sandbox"),
    )),
    "webhook serve": Examples("docs/webhooks.md", (
        ("run a program for each event", "connector webhook serve --exec ./handle-event"),
        ("forward meetings alone", "connector webhook serve --to http://127.0.0.1:9000/events --event 'meeting.*'"),
    )),
    "webhook send": Examples("docs/webhooks.md", (
        ("an event of the sandbox",
         "connector webhook send meeting.started --to http://127.0.0.1:8765/webhook --sandbox"),
    )),
    "webhook verify": Examples("docs/webhooks.md", (
        ("why a delivery is refused", "connector webhook verify -f got.json"),
    )),
    "webhook events": Examples("docs/webhooks.md", (
        ("what no handler took", "connector webhook events --status dead"),
        ("one event, whole", "connector webhook events --show 12"),
    )),
    "webhook replay": Examples("docs/webhooks.md", (("two events", "connector webhook replay 12 13"),)),
    "webhook watch": Examples("docs/records.md", (
        ("run a program for each change of a list", "connector webhook watch --every 10m --exec ./handle-event"),
    )),
    "backup": Examples("docs/backup.md", (
        ("everything that is kept", "connector backup monday.zip"),
        ("journals of another folder too", "connector backup monday.zip --journal /srv/jobs"),
    )),
    "restore": Examples("docs/backup.md", (
        ("see what would come back", "connector restore monday.zip --check"),
        ("put it back", "connector restore monday.zip --yes"),
    )),
    "doctor": Examples("docs/troubleshooting.md", (
        ("what is wrong here?", "connector doctor"),
        ("without a network", "connector doctor --offline"),
    )),
    "config": Examples("docs/settings.md", (("what is in force, and why", "connector config"),)),
    "config set": Examples("docs/settings.md", (
        ("the connection of this folder", "connector config set connection work"),
        ("another one with --profile staging", "connector config set connection trial --profile staging"),
        ("your own, whatever the folder", "connector config set output yaml --user"),
    )),
    "config trust": Examples("docs/settings.md", (("the folder that you are in", "connector config trust"),)),
    "lint": Examples("docs/lint.md", (("advice counts too", "connector lint library --strict"),)),
    "test": Examples("docs/writing-a-connector/test-and-publish.md", (
        ("examples, replies and resources", "connector test library"),
        ("against recorded calls", "connector test library --replay books.har"),
    )),
    "docs": Examples("docs/writing-a-connector/test-and-publish.md", (
        ("fail where a page is stale", "connector docs library --check"),
    )),
    "stubs": Examples("docs/typed-code.md", (("typed methods", "connector stubs library -o library.py"),)),
    "export": Examples("docs/sharing.md", (
        ("an OpenAPI document", "connector export openapi library -o library.openapi.json"),
    )),
    "export openapi": Examples("docs/sharing.md", (
        ("an OpenAPI document", "connector export openapi library -o library.openapi.json"),
    )),
    "diff": Examples("docs/sharing.md", (("what breaks its users", "connector diff library newer"),)),
    "new": Examples("docs/writing-a-connector/first-connector.md", (
        ("a small, complete one", "connector new library"),
        ("one for an API", "connector new acme --base-url https://api.acme.example/v1 --auth bearer"),
    )),
    "new-action": Examples("docs/writing-a-connector/your-api.md", (
        ("one file", "connector new-action createUser 'POST /teams/{teamId}/users' acme --input name --input age"),
    )),
    "import": Examples("docs/import.md", (
        ("see what there is", "connector import openapi.yaml --list"),
        ("take the part about books", "connector import openapi.yaml library --only '/books*'"),
        ("has the vendor changed it?", "connector import newer.yaml library --check"),
    )),
    "completion": Examples("docs/commands.md", (("for this shell alone", 'eval "$(connector completion bash)"'),)),
    "help": Examples("docs/terminal.md", (
        ("a command", "connector help webhook serve"),
        ("an action's inputs as flags", "connector help run createMeeting"),
    )),
}  # fmt: skip


def find_examples(command_path: str) -> Examples:
    """Return the examples of a command, such as `webhook serve`; none, and the first page, where it has none."""
    return EXAMPLES.get(command_path, Examples(EXAMPLES[""].page, ()))
