"""What a receiver and jobs need of this machine: the secret of the webhook, a free port, and no job that hangs."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from connector.cli.context.overlap import list_running_jobs
from connector.cli.doctor.diagnosis import FAIL, OK, WARN, Diagnosis
from connector.cli.output.times import format_duration
from connector.definition.case import to_snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.cli.context.connection_context import ConnectionContext

_LONG_SECONDS = 86_400.0  # for which a job may run before it is told
_HOST = "127.0.0.1"


def check_secret(context: ConnectionContext, *, is_needed: bool) -> Iterator[Diagnosis]:
    """Yield whether the secrets of the webhooks are set, without which a receiver does not start. Raises InputError."""
    for trigger in context.connector.manifest.triggers.values():
        inputs = dict([trigger.key_input] if trigger.key_input else []) | trigger.key_inputs
        for key, field in inputs.items():
            variable = f"{context.connector.name}_{to_snake_case(key)}".upper()
            found = context.settings.read_variable(variable)
            if found and found[0].strip():
                yield Diagnosis("secret", OK, f"The secret of the webhook is set by {found[1]}")
            elif is_needed or found:
                fix = f"Set {variable}, or name its file in {variable}_FILE. {field.help}"
                yield Diagnosis("secret", FAIL, f"A receiver does not start: {variable} is not set, or empty", fix)
            else:
                yield Diagnosis("secret", OK, f"{variable} is not set; only a receiver needs it")


def check_port(port: int) -> Iterator[Diagnosis]:
    """Yield whether a receiver could listen on a port of this machine; nothing is left there."""
    with socket.socket() as probe:
        if os.name != "nt":  # where it would take the port from the one who has it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            fix = "If that is not your receiver, end it, or give the receiver another --port."
            fix += f" Who it is: ss -ltnp 'sport = :{port}'" if is_taken and os.name != "nt" else ""
            message = f"Port {port} is taken: something listens there" if is_taken else f"Port {port}: {error.strerror}"
            yield Diagnosis("port", WARN if is_taken else FAIL, message, fix)
            return
    yield Diagnosis("port", OK, f"Port {port} is free")


def check_jobs(folder: Path) -> Iterator[Diagnosis]:
    """Yield which commands with --no-overlap run now, and which of them seem to hang."""
    jobs = list_running_jobs(folder)
    told = [f"{job.name!r} (process {job.pid}) for {format_duration(time.time() - job.since)}" for job in jobs]
    old = [job for job in jobs if time.time() - job.since > _LONG_SECONDS]
    if old:
        fix = f"Each start since then did nothing. If it hangs, end it: kill {' '.join(str(job.pid) for job in old)}"
        yield Diagnosis("jobs", WARN, f"A job runs for more than a day: {', '.join(told)}", fix)
    else:
        yield Diagnosis("jobs", OK, f"Jobs that run now: {', '.join(told) or 'none'}")
