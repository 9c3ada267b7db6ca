"""Rooms and their folders keep their direction, no module needs one that needs it, and what is pure stays pure."""

from __future__ import annotations

import ast
import re

from support.package_source import (
    FRONT_DOOR,
    OPEN_TO_ALL,
    ROOMS,
    arrows,
    cycles,
    forbid,
    imports,
    modules,
    room,
    sources,
    words,
)

PURE_ROOMS = ("errors", "definition", "core")
WORLD = words(
    "anyio asyncio click concurrent contextvars getpass h11 httpcore httpx inspect logging multiprocessing os queue random rich "
    "secrets select shutil signal socket sqlite3 ssl subprocess sys tempfile threading time"
)
WORLD_CALLS = words("eval exec input monotonic now open perf_counter print today urandom utcnow uuid1 uuid4")
MAY_TOUCH = {  # modules of a pure room that open files
    "connector.definition.loader": {"os"},
    "connector.definition.validation.cache_folder": {"os", "open", "urandom"},
    "connector.definition.forms.head_index": {"os", "time"},  # it asks how old a file is
}
HTTP_LIBRARIES = {"anyio", "h11", "httpcore", "httpcore2", "httpx", "httpx2", "pyreqwest"}
# A folder or module of a room imports from itself and from what it stands on, directly or not. (HOUSE: Directions.)
STANDS_ON: dict[str, dict[str, set[str]]] = {
    "core": {
        "secrets": set(),
        "redaction": {"secrets"},
        "linear_regex": {"invalid_value"},
        "json_path": set(),
        "invalid_value": set(),
        "durations": {"invalid_value"},
        "http_semantics": set(),
        "url_policy": {"redaction", "json_path", "invalid_value", "durations", "http_semantics"},
        "inputs": {"url_policy"},
        "request": {"inputs"},
        "response": {"request", "linear_regex"},
        "exchange": {"response"},
        "auth": {"response"},
        "rate_limit": {"response"},
        "rate_feedback": {"rate_limit"},
        "bulk": {"inputs"},
        "query": {"invalid_value"},
        "chain": {"exchange", "query"},
        "webhook": {"json_path", "redaction"},
        "records": {"response", "webhook"},
    },
    "runtime": {
        "clock": set(),
        "process": set(),
        "http": {"clock", "process"},
        "files": {"clock", "process"},
        "database": {"files"},
        "storage": {"database"},
        "auth": {"http", "storage"},
        "rate_budget": {"auth"},
        "calls": {"rate_budget"},
        "run_log": {"calls", "database"},
        "downloads": {"calls"},
        "bulk": {"calls"},
        "chain": {"bulk"},
        "records": {"calls", "database"},
        "client": {"downloads", "chain", "records"},
        "sync": {"client", "webhooks"},
        "webhooks": {"database", "http"},
        "backup": {"storage", "bulk", "records", "run_log", "webhooks"},
    },
    "sandbox": {
        "http": set(),
        "api": {"http"},
        "data": {"api"},
        "oauth": {"data"},
        "events": {"data"},
        "handlers": {"data"},
        "request_matcher": {"handlers"},
        "request_log": {"request_matcher"},
        "canned_replies": {"request_matcher"},
        "service": {"oauth", "events", "request_log", "canned_replies"},
        "sandbox": {"service"},
        "http_server": {"service"},
    },
    "integrations": {
        "work": set(),
        "dbos": {"work"},
        "dbos_bulk": {"work"},
        "chain_work": {"work"},
        "dbos_chain": {"chain_work", "dbos"},
        "temporal_chain": {"chain_work", "temporal"},
        "celery": {"work"},
        "temporal": {"work"},
        "prefect": {"work"},
        "dagster": {"work"},
        "airflow_info": set(),
        "airflow": {"work", "airflow_info"},
        "opentelemetry": set(),
        "mcp": set(),
    },
    "testing": {
        "clock": set(),
        "har_entry": set(),
        "replay": {"har_entry"},
        "recording_transports": {"replay"},
        "recording": {"clock", "recording_transports"},
        "plugin": {"recording"},
    },
    "cli": {
        "registry": set(),
        "terminal": set(),
        "help": {"registry", "terminal"},
        "groups": {"help"},
        "output": {"groups"},
        "context": {"output"},
        "catalogue": {"context"},
        "calls": {"context"},
        "bulk": {"calls"},
        "chain": {"bulk"},
        "connections": {"calls"},
        "webhooks": {"context"},
        "testing": {"calls"},
        "authoring": {"output"},
        "doctor": {"connections"},
        "commands": {"authoring", "bulk", "catalogue", "chain", "doctor", "testing", "webhooks"},
        "app": {"commands"},
        "main": {"app"},
    },
    "console": {
        "visit": set(),
        "security": set(),
        "recent": set(),
        "outcome": {"recent"},
        "rendering": {"visit"},
        "background": set(),
        "inbox": set(),
        "workshop": set(),
        "desk": {"outcome", "background", "inbox", "workshop"},
        "news": {"visit", "desk"},
        "route": {"visit", "desk"},
        "forms": {"visit"},
        "calls": {"desk"},
        "pages": {"route", "forms", "calls", "news", "rendering"},
        "told": {"visit", "recent"},
        "app": {"pages", "security", "told"},
        "server": {"app"},
        "command": {"server"},
    },
}


def folder_of(module: str) -> str:
    """Return the part of its room that a module stands in: a folder, or the module by itself."""
    return ".".join(module.split(".")[2:3])


def everything_below(room_name: str, folder: str) -> set[str]:
    """Return the folders that a folder may import from."""
    direct = STANDS_ON[room_name].get(folder, set())
    return direct.union(*(everything_below(room_name, other) for other in direct))


def test_every_module_stands_in_a_room():
    wrong = [name for name in modules() if not room(name) and name not in (*FRONT_DOOR, *OPEN_TO_ALL)]
    forbid("Modules stand in a room", wrong)


def test_a_room_imports_only_from_the_rooms_it_may():
    wrong = [
        f"{name} imports {target}: {room(name)} may not import {room(target) or 'the front door'}"
        for name, targets in arrows().items()
        for target in sorted(targets)
        if room(name) and room(target) not in (room(name), "errors", *ROOMS[room(name)]) and target not in OPEN_TO_ALL
    ]
    forbid("Imports lead to the rooms below", wrong)


def test_a_folder_imports_only_from_the_folders_it_stands_on():
    wrong = []
    for name, targets in arrows().items():
        mine = folder_of(name)
        if room(name) not in STANDS_ON or not mine:
            continue
        if mine not in STANDS_ON[room(name)]:
            wrong.append(f"{name} stands in a folder without a direction")
            continue
        allowed = {mine, "", *everything_below(room(name), mine)}
        wrong += [
            f"{name} imports {target}: {mine} stands on {', '.join(sorted(allowed - {mine, ''})) or 'nothing'}"
            for target in sorted(targets)
            if room(target) == room(name) and folder_of(target) not in allowed
        ]
    forbid("Imports lead to the folders that a folder stands on", wrong)


def test_no_module_needs_one_that_needs_it_not_even_for_its_types():
    wrong = [" -> ".join(cycle) for cycle in cycles()]
    forbid("Imports make no cycle", wrong)


def test_nothing_imports_the_front_door():
    wrong = [
        f"{name} imports {target}"
        for name, targets in arrows().items()
        for target in targets & set(FRONT_DOOR)
        if name not in FRONT_DOOR
    ]
    forbid("Modules of the package import each other, never its front door", wrong)


def test_imports_are_absolute():
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    forbid("Imports are absolute", wrong)


def test_the_pure_rooms_import_nothing_that_touches_the_world():
    wrong = []
    for name, tree in modules().items():
        touched = {imported.split(".")[0] for imported in imports(tree)} & WORLD - MAY_TOUCH.get(name, set())
        touched |= {imported for imported in imports(tree) if imported.startswith("http.")} - {"http.HTTPStatus"}
        if room(name) in PURE_ROOMS and touched:
            wrong.append(f"{name} imports {', '.join(sorted(touched))}")
    forbid("Pure modules import nothing that touches the world", wrong)


def test_the_pure_rooms_ask_nothing_of_the_machine():
    wrong = []
    for name, tree in modules().items():
        for node in ast.walk(tree) if room(name) in PURE_ROOMS else ():
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                own = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "cls"
                if called in WORLD_CALLS - MAY_TOUCH.get(name, set()) and not own:
                    wrong.append(f"{name}:{node.lineno} calls {called}")
    forbid("Pure modules read no clock, file or random number", wrong)


def test_http_libraries_are_imported_in_the_folder_of_http_alone():
    wrong = [
        f"{name} imports {', '.join(sorted(used))}"
        for name, tree in modules().items()
        if (used := {imported.split(".")[0] for imported in imports(tree, typing_too=True)} & HTTP_LIBRARIES)
        and not name.startswith("connector.runtime.http.")
    ]
    forbid("HTTP libraries are imported below connector/runtime/http alone", wrong)


def test_the_folder_of_an_http_library_is_reached_by_the_transports_choice_alone():
    wrong = []
    for library in ("connector.runtime.http.httpx", "connector.runtime.http.pyreqwest"):
        for name, targets in arrows().items():
            inside = {target for target in targets if target == library or target.startswith(f"{library}.")}
            if not (name == library or name.startswith(f"{library}.")):
                wrong += [f"{name} imports {target}" for target in sorted(inside)]
    forbid("The folder of an HTTP library is loaded by the transport's choice alone, by name", wrong)


def test_a_command_never_imports_another_command():
    commands = "connector.cli.commands."
    wrong = []
    for name, targets in arrows().items():
        if name.startswith(commands):
            own = name.removeprefix(commands).split(".")[0]
            others = {other for other in targets if other.startswith(commands)}
            wrong += [
                f"{name} imports {other}" for other in others if other.removeprefix(commands).split(".")[0] != own
            ]
    forbid("Commands import no other command", wrong)


def test_python_knows_no_vendor():
    wrong = [
        f"{name}:{number} {line.strip()}"
        for name, text in sources().items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search("zoom", line, re.IGNORECASE)
    ]
    forbid("Lines of Python name no vendor", wrong)


# Locks of the standard library that a fork cannot leave shut, each with the reason.
OWN_LOCKS = {
    "connector.runtime.process.fork_safety": "makes the locks that a child finds open",
    "connector.runtime.files.locks": "holds its lock over a fork, and has one lock for each process",
    "connector.runtime.database.group_commit": "each process has its own writer",
    "connector.runtime.run_log.run_log": "is made anew in a child, with its thread",
    "connector.runtime.auth.loopback_server": "is taken once by a request that never waits, and never released",
    "connector.runtime.bulk.runner": "counts the rows of one run, whose threads a child does not have",
}


def test_a_lock_that_outlives_a_call_survives_a_fork():
    taken = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func)
        in {f"threading.{kind}" for kind in ("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Barrier")}
    }
    forbid("Take a ForkSafeLock, which a forked child finds open", sorted(taken - set(OWN_LOCKS)))
    assert set(OWN_LOCKS) <= taken, "an exception that is needed no longer"
