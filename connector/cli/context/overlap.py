"""`--no-overlap NAME`: of the commands with one name, one runs at a time on this machine."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from connector.cli.context.locations import find_data_folder
from connector.cli.output.exit_codes import AlreadyRunning
from connector.cli.output.times import format_time
from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PURPOSE = "run"  # the suffix of the lock files


class Job(NamedTuple):
    """A command that holds its name: the process, and since when in epoch seconds."""

    name: str
    pid: int
    since: float


def list_running_jobs(folder: Path) -> list[Job]:
    """Return the jobs whose names are held now, without touching their locks.

    Windows does not let others read a locked file: there, none is found.
    """
    from connector.runtime.files.key_names import decode_key

    jobs = []
    for path in sorted(folder.glob(f"*.{_PURPOSE}")) if os.name != "nt" else ():
        with contextlib.suppress(OSError, ValueError):  # nobody holds it
            pid = int(path.read_text("ascii"))
            with contextlib.suppress(PermissionError):  # another user's process is there, too
                os.kill(pid, 0)
            jobs.append(Job(decode_key(path.stem) or path.stem, pid, path.stat().st_mtime))
    return jobs


@contextlib.contextmanager
def guard_overlap(name: str, folder: Path) -> Iterator[None]:
    """Hold a name in a with block; the system releases it when the process ends, even by kill -9.

    Raises AlreadyRunning when another process holds it, StoreError when no lock can be had.
    """
    from connector.runtime.files.key_names import encode_key
    from connector.runtime.files.locks import FileLocks

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(FileLocks(folder, str(folder)).hold(name, 0, _PURPOSE))
        except StoreError as error:
            if not error.retryable:
                raise
            holder = _describe_holder(folder / f"{encode_key(name)}.{_PURPOSE}")
            hint = "Wait for it to end; if it hangs, end it: its lock ends with it."
            raise AlreadyRunning(f"{name!r} is running already{holder}. Nothing was done.", hint=hint) from None
        yield


def _describe_holder(path: Path) -> str:
    """Return who holds a lock since when, as its file has it; nothing where others cannot read a locked file."""
    with contextlib.suppress(OSError, ValueError):
        return f": process {int(path.read_text('ascii'))} holds it since {format_time(path.stat().st_mtime)}"
    return ""


def _hold_name(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is None or ctx.resilient_parsing:
        return
    if not name.strip():
        raise click.BadParameter("the name is empty; give the job one, such as nightly")
    ctx.with_resource(guard_overlap(name, find_data_folder() / "jobs"))


def no_overlap_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --no-overlap, whose name is held while the command runs."""
    return click.option(
        "--no-overlap",
        metavar="NAME",
        expose_value=False,
        callback=_hold_name,
        help="Do nothing, and exit with 4, while another command with this NAME runs on this machine.",
    )(command)
