"""One command line from its words to its exit code; every error ends here as sentences."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from connector.cli.groups import root
from connector.cli.output import errors as failure
from connector.cli.output.stdio import STDOUT
from connector.cli.registry import COMPLETION
from connector.errors import ConnectorError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence


def execute(words: Sequence[str]) -> int:
    """Run a command and return its exit code. Raises KeyboardInterrupt, and OSError of stdout."""
    instruction = os.environ.get(COMPLETION)
    if instruction:
        return _complete(instruction)
    try:
        return _invoke(words)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.Abort, EOFError):
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        return _told(failure.from_click(error, words), words)
    except ConnectorError as error:
        return _told(error, words)
    except OSError as error:
        if error.filename == STDOUT or isinstance(error, BrokenPipeError):
            raise
        if error.filename is None:
            reason = str(error.strerror or error).rstrip(".")
            return _told(StoreError(f"{reason}.", hint="Check the files and pipes that the command names."), words)
        path = str(error.filename)
        return _told(StoreError(f"{path}: {error.strerror}.", path=path, hint="Check the path and its rights."), words)
    except Exception as error:  # noqa: BLE001  the last resort: a person sees a sentence, never a traceback
        return _told(ConnectorError(failure.unexpected(error)), words)


def _invoke(words: Sequence[str]) -> int:
    with root.make_context("connector", list(words)) as context:
        code = root.invoke(context)
    return code if isinstance(code, int) else failure.DONE


def _told(error: ConnectorError, words: Sequence[str]) -> int:
    """Tell an error that no command told itself."""
    if _wants_json(words):
        from connector.cli.output import printer as output

        output.write_json(failure.as_data(error))
    failure.say(failure.told(error))
    return failure.exit_code(error)


def _wants_json(words: Sequence[str]) -> bool:
    """Whether the words, readable or not, ask for JSON; without any, a pipe from run and raw gets it."""
    asked = [
        word.partition("=")[2] if "=" in word else "".join(words[place + 1 : place + 2])
        for place, word in enumerate(words)
        if word == "--output" or word.startswith("--output=")
    ]
    if asked:
        return asked[-1] == "json"
    from connector.cli.context.settings import Settings

    try:
        setting = Settings({}).get("output")
    except ConnectorError:
        return False
    running = any(word in ("run", "raw", "download") for word in words if not word.startswith("-"))
    return setting.value == "json" and (setting.source != "default" or (running and not sys.stdout.isatty()))


def _complete(instruction: str) -> int:
    """Answer a shell that completes a word; what goes wrong there stays silent."""
    from click.shell_completion import shell_complete

    try:
        return shell_complete(root, {}, "connector", COMPLETION, instruction)
    except Exception:  # noqa: BLE001  a broken file or variable must not break the prompt
        return failure.REFUSED
