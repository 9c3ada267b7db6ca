"""Names of commands that people try because other programs have them, each with the command that does it here.

They are told rather than obeyed: a name that works is typed into scripts, and has to work for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection


class Expected(NamedTuple):
    """What somebody wants, as the beginning of a sentence, and the command for it."""

    purpose: str
    command: str

    @property
    def name(self) -> str:
        """The command's name."""
        return self.command.split()[1]


_SIGN_IN = Expected("To sign in", "connector connect")
_FORGET = Expected("To sign out and forget a connection", "connector connections remove NAME")
_SCAFFOLD = Expected("To create a connector", "connector new FOLDER")
_RUNS = Expected("To see what was called", "connector runs")
_ACTIONS = Expected("To see the actions", "connector list")
_DESCRIBE = Expected("To see an action's inputs", "connector show ACTION")
_CALL = Expected("To call an action", "connector run ACTION")
_REQUEST = Expected("To send any request", "connector request METHOD PATH")
_CHECK = Expected("To check a connector's files", "connector lint FOLDER")
_SETTINGS = Expected("To see the settings in force", "connector config")
_SANDBOX = Expected("To serve the sandbox", "connector sandbox")
_RECEIVE = Expected("To receive events", "connector webhook serve")
_CONSOLE = Expected("To look at it in the browser", "connector console")
_RECORDS = Expected("To keep a copy of what the service has", "connector records sync")

_BY_COMMAND: dict[Expected, tuple[str, ...]] = {
    _SIGN_IN: ("login", "signin", "sign-in", "log-in", "auth", "authorize", "authenticate"),
    _FORGET: ("logout", "signout", "sign-out", "log-out", "disconnect", "revoke"),
    _SCAFFOLD: ("init", "create", "scaffold", "generate", "add"),
    _RUNS: ("log", "logs", "history", "audit"),
    _ACTIONS: ("ls", "actions", "commands", "search", "find", "browse"),
    _DESCRIBE: ("describe", "inspect", "explain", "man", "schema", "info"),
    _CALL: ("call", "exec", "execute", "invoke", "start", "do"),
    _REQUEST: ("api", "curl", "http", "get", "post", "put", "patch", "delete"),
    _CHECK: ("validate", "check", "verify"),
    _SETTINGS: ("settings", "configure", "env", "set"),
    _SANDBOX: ("mock", "simulate", "stub", "fake"),
    _RECEIVE: ("listen", "serve", "server", "events", "hooks", "trigger"),
    _CONSOLE: ("ui", "web", "gui", "dashboard", "open"),
    _RECORDS: ("sync", "cache", "copy", "pull"),
    Expected("To see who is signed in", "connector connections list"): ("whoami", "accounts", "account", "status"),
    Expected("To see the version", "connector --version"): ("version",),
    Expected("To have words completed", "connector completion bash"): ("completions", "autocomplete", "alias"),
}
_EXPECTED = {name: expected for expected, names in _BY_COMMAND.items() for name in names}


_SAME_DEEDS = (
    ("remove", "delete", "rm", "del", "forget", "drop", "revoke", "logout", "disconnect"),
    ("list", "ls", "all", "index", "status"),
    ("show", "get", "describe", "view", "inspect", "cat", "info"),
    ("set", "put", "edit", "change"),
    ("test", "check", "ping", "validate"),
    ("serve", "listen", "receive", "start", "forward", "run"),
    ("send", "trigger", "fire", "emit", "simulate"),
    ("replay", "resend", "redeliver", "retry"),
    ("tail", "follow", "watch", "logs"),
    ("again", "rerun", "repeat", "retry"),
    ("sync", "pull", "fetch", "refresh", "update", "load"),
    ("query", "sql", "select", "search"),
    ("export", "dump", "save", "csv"),
    ("reset", "clear", "clean", "wipe"),
    ("resume", "continue"),
    ("cancel", "stop", "abort"),
)


_ELSEWHERE = {
    "connections": (("create", "add", "new", "login", "connect"), "To sign in: connector connect NAME"),
    "webhook": (("create", "add", "new", "subscribe"), "To receive events: connector webhook serve"),
    "sandbox": (("start", "serve", "run", "up"), "To serve the sandbox: connector sandbox"),
    "runs": (("remove", "delete", "clear"), "Runs go after the time that the setting runs_keep says: connector config"),
}


def find_elsewhere(group: str, word: str) -> str:
    """Return what does what somebody wants of a group, where another command does it; an empty text for any other."""
    words, told = _ELSEWHERE.get(group, ((), ""))
    return told if word.lower() in words else ""


def find_same_deed(word: str, names: Collection[str]) -> str | None:
    """Return the command of a group that does what `word` says; None where none does."""
    meant = (name for deeds in _SAME_DEEDS if word.lower() in deeds for name in deeds if name in names)
    return next(meant, None)


def find_expected(word: str, names: Collection[str]) -> Expected | None:
    """Return what somebody wants who types `word` as a command; None where it is none of `names` that does it."""
    expected = _EXPECTED.get(word.lower())
    return expected if expected and (expected.name in names or expected.name.startswith("-")) else None
