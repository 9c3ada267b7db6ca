"""Run a chain from the command line: with a journal beside its file, from which a later run goes on."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli.bulk.job import resolve_place
from connector.cli.calls.call import CallTask
from connector.cli.calls.confirmation import confirm_actions
from connector.cli.calls.execution import check_columns, check_copy_flags
from connector.cli.calls.session import Session
from connector.cli.calls.trace import print_debug_lines
from connector.cli.chain.progress import ChainProgress
from connector.cli.output import stdio
from connector.cli.output.exit_codes import EXIT_DONE, combine_exit_codes
from connector.cli.output.printer import CARD, ResultWriter, choose_format, make_printer
from connector.cli.output.query import Query
from connector.core.chain.chain import Reference, write_value
from connector.core.inputs.objects import find_secrets
from connector.core.redaction import MASK, redactor_for
from connector.definition.json_path import join_path
from connector.errors import ConnectorError, InputError, UsageError
from connector.first_use import dataclass
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.journal_file import STEPS, rotate_journal
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.chain.chain_file import parse_options
from connector.runtime.chain.chain_run import ChainRun

if TYPE_CHECKING:
    from connector.cli.bulk.options import BulkArguments
    from connector.cli.chain.arguments import ChainArguments
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Settings
    from connector.core.chain.chain import Chain, Step
    from connector.core.response.result import Result
    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client

_MAX_NAMED = 10  # uncertain steps in one message


@dataclass(frozen=True, slots=True)
class ChainJob:
    """One command with a chain."""

    connector: Connector
    settings: Settings
    options: RunOptions
    arguments: BulkArguments
    chain_arguments: ChainArguments
    chain: Chain

    @property
    def journal_path(self) -> Path | None:
        """The path of the journal; None for a chain from a pipe, unless --journal names it."""
        if self.arguments.journal:
            return Path(self.arguments.journal)
        if self.arguments.is_stream:
            return None
        return Path(f"{self.arguments.file}.{'sandbox.journal' if self.options.sandbox else 'journal'}")

    def describe_run(self) -> dict[str, Any]:
        """Return what a journal belongs to."""
        return {
            "connector": self.connector.name,
            "chain": True,
            "connection": self.options.connection or self.settings.get("connection").value,
            "account": self.options.account,
            "place": resolve_place(self.connector, self.settings, sandbox=self.options.sandbox),
        }

    def resolve_options(self, step: Step) -> CallOptions:
        """Return the options of a step's calls: flags, then the file's words, then settings."""
        timeout = self.settings.get("timeout")
        flags = replace(self.options.call_options(timeout), limit=None, page_size=None)
        if not self.connector.action(step.action).is_read:
            flags = replace(flags, max_age=None, stale_if_error=False)
        options = CallOptions.parse(timeout=timeout.value).override(parse_options(step)).override(flags)
        return replace(options, connection=None)  # it has chosen the client


def run_chain(job: ChainJob) -> int:
    """Run the chain and return the exit code. Raises KeyboardInterrupt, and ConnectorError before the first call."""
    options = job.options
    for flag, given in (("--har", options.har), ("--curl", options.curl), ("--limit", options.limit)):
        if given:
            raise UsageError(f"{flag} is for single calls.", hint="Remove it.")
    writer = _make_writer(job)
    printer = writer.printer
    check_copy_flags(job.connector, options, [step.action for step in job.chain.steps])
    settled = job.chain_arguments.parse_settlements()
    if problems := options.call_options(job.settings.get("timeout")).problems:  # before a step, and without any
        raise InputError.from_problems("options", list(problems))
    if options.dry_run:
        printer.print_result({"steps": [_describe_step(job.connector, step) for step in job.chain.steps]})
        printer.finish()
        return EXIT_DONE
    confirm_actions(job.connector, options, [step.action for step in job.chain.steps])
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(Session(job.connector, job.settings, options, has_trace=False))
        clients = {name: session.get_client(name) for name in _list_connections(job.chain)}

        def choose_caller(step: Step) -> tuple[Client, CallOptions]:
            return clients[step.options.get("connection")], job.resolve_options(step)

        run = _open_run(job, ChainRun(job.chain, choose_caller, settled=settled), session, stack)
        stack.enter_context(print_debug_lines(enabled=options.debug))
        session.begin_call()
        stack.enter_context(stdio.keeping_code(lambda: combine_exit_codes(writer.exit_codes)))
        try:
            with ChainProgress(job.chain, enabled=not options.quiet) as progress:
                run.tell = progress.show
                result = run.run()
        except ConnectorError as error:
            writer.write_error(_add_way_on(job, run, error))
        except KeyboardInterrupt:
            if job.journal_path is not None:
                session.note("Interrupted. The same command with --resume goes on.")
            raise
        else:
            for warning in result.warnings:
                session.note(f"Warning: {warning}")
            _write_result(job, writer, result)
        printer.finish()
    return combine_exit_codes(writer.exit_codes)


def _make_writer(job: ChainJob) -> ResultWriter:
    """Return what prints the result. Raises InputError for a query, UsageError for columns, that cannot be."""
    options, output = job.options, job.settings.get("output")
    query = Query(options.query) if options.query is not None else None
    check_columns(job.settings, options)
    has_query = query is not None or options.dry_run
    output_format = choose_format(output.value, is_set=output.is_set, has_query=has_query)
    include_errors = output.is_set or not stdio.is_stdout_terminal()
    printer = make_printer(
        output_format, several=False, include_errors=include_errors, quiet=options.quiet, columns=options.columns
    )
    return ResultWriter(printer, output_format, query, options.columns)


def _write_result(job: ChainJob, writer: ResultWriter, result: Result) -> None:
    """Print the result; to a person what the chain keeps, or else of each step what is shown of its action."""
    if writer.output_format != CARD:
        writer.write_result(result)
        return
    from connector.cli.output.card import CardPrinter, Fields

    assert isinstance(writer.printer, CardPrinter)
    writer.exit_codes.append(EXIT_DONE)
    parts: list[tuple[str, Any, Fields]] = []
    if job.chain.keep is not None:
        lists = {name: value for name, value in result.data.items() if _is_list_of_mappings(value)}
        rest = {name: value for name, value in result.data.items() if name not in lists}
        parts = [("", rest, Fields([join_path(name) for name in rest], tuple))] if rest else []
        parts += [(name, value, Fields((), tuple)) for name, value in lists.items()]
        writer.printer.print_parts(parts)
        return
    for step in job.chain.steps:
        task, data = CallTask(step.action, {}), result.data[step.name]
        items = task.select_items(job.connector, data) if step.each is None else None
        fields = Fields(task.find_columns(job.connector), partial(task.find_plain_fields, job.connector))
        parts.append((f"{step.name}: {step.action}", data if items is None else items, fields))
    writer.printer.print_parts(parts)


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _list_connections(chain: Chain) -> set[str | None]:
    return {step.options.get("connection") for step in chain.steps}


def _open_run(job: ChainJob, run: ChainRun, session: Session, stack: contextlib.ExitStack) -> ChainRun:
    """Return the run with its journal: a new one, or with --resume that of the earlier run. Raises ConnectorError."""
    path, resumes = job.journal_path, job.chain_arguments.resume or bool(run.settled)
    if path is None:
        if resumes or job.arguments.restart:
            raise UsageError("A chain from a pipe has no journal.", hint="Name one with --journal FILE.")
        return run
    if resumes and job.arguments.restart:
        raise UsageError("--restart and --resume cannot be combined.", hint="Remove one of them.")
    if run.settled and not path.exists():
        raise UsageError("--settle needs the journal of an earlier run.", hint=f"There is none at {path}.")
    if job.arguments.restart and (rotated_path := rotate_journal(path, STEPS)):
        session.note(f"The earlier journal was moved to {rotated_path}.")
    journal = stack.enter_context(Journal(path, job.describe_run(), lambda: len(job.chain.steps), STEPS))
    opened = ChainRun(job.chain, run.choose_caller, journal, run.settled)
    if not journal.has_history or resumes:
        if journal.has_history:
            session.note(f"Going on with the run in {path}.")
        return opened
    step = None if journal.state.is_ended else opened.find_next_call()
    if step is not None:
        hint = "--resume goes on there; --restart starts over, and makes every call again."
        raise UsageError(f"An earlier run of this chain ended at step {step} ({path}). Nothing was sent.", hint=hint)
    journal.discard()  # of a run that was done: this one is another
    journal = stack.enter_context(Journal(path, job.describe_run(), lambda: len(job.chain.steps), STEPS))
    return ChainRun(job.chain, run.choose_caller, journal)


def _add_way_on(job: ChainJob, run: ChainRun, error: ConnectorError) -> ConnectorError:
    """Return the error with how to go on."""
    if job.journal_path is None:
        return error
    if run.uncertain:
        steps = " ".join(f"--settle {name}=done" for name in run.uncertain[:_MAX_NAMED])
        more = f" (and {len(run.uncertain) - _MAX_NAMED} more)" if len(run.uncertain) > _MAX_NAMED else ""
        words = "Look at the service whether it was done; then run the same command with"
        return error.with_hint(
            f"{words} --resume {steps}{more}; =@FILE if later steps need its reply, =not-done to do it again."
        )
    return error.with_hint("Once that is mended, the same command with --resume goes on at this step.")


def _describe_step(connector: Connector, step: Step) -> dict[str, Any]:
    """Return a step as its file has it, without secrets."""
    action = connector.action(step.action)
    fields = {written: action.inputs.get(action.key_by_spelling.get(written, written)) for written in step.inputs}
    inputs = write_value(dict(step.inputs))
    found = [
        text for name, field in fields.items() if field is not None for text in find_secrets(field, inputs[name], name)
    ]
    redactor = redactor_for(connector).with_secrets(map(str, found))  # of a reference, its words
    for name, field in fields.items():
        if not isinstance(step.inputs[name], Reference):  # which is no secret itself
            is_secret = field is not None and field.secret
            inputs[name] = MASK if is_secret else redactor.redact_member(name, inputs[name])
    described: dict[str, Any] = {"step": step.name, "action": step.action}
    if step.each is not None:
        described["each"] = redactor.redact_data(write_value(step.each))
    return {**described, "inputs": inputs}
