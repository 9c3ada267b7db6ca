"""The calls that follow one that starts a job: those that ask for it, and the one that reads its results."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic_core import to_jsonable_python

from connector.core.durations import parse_duration
from connector.core.exchange import job
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.exchange.asks import ExchangeOptions, Steps
    from connector.core.exchange.plan import CompiledAction
    from connector.core.exchange.upload import FileUpload
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.calls.call_options import CallOptions


class ReadyToSend(Protocol):
    """What a job needs of a call that was prepared."""

    compiled: CompiledAction
    request: Request

    def build_exchange_options(self, default_timeout: float) -> ExchangeOptions:
        """Return the options of the exchange; the default counts where the caller sets no timeout."""
        ...


_RESULTS_TIMEOUT = 60.0  # seconds for each page of results that are streamed


@dataclass(frozen=True, slots=True)
class JobCalls:
    """What follows the start of a job or an upload; `results` is the plan of the call that comes last, if any.

    `given` are the inputs of the start: what the other actions take too is passed on.
    """

    connector: Connector
    action: Action
    given: Mapping[str, Any]
    options: CallOptions
    prepare: Callable[[str, Mapping[str, Any], CallOptions], ReadyToSend]
    results: CompiledAction | None
    file: FileUpload | None = None

    @property
    def pagination(self) -> Pagination | None:
        """How the pages of the results are read; None for a single reply, such as that to the start alone."""
        return None if self.results is None or self.options.no_wait else self.results.pagination

    def build_start_steps(self, start: ReadyToSend, now: float, default_timeout: float) -> Steps:
        """Return the steps of the start alone."""
        options = start.build_exchange_options(default_timeout)
        return job.start_job(job.ReadyCall(start.compiled, start.request, options, {}), self._prepare_next, now)

    def build_steps(self, start: ReadyToSend, now: float, *, in_pages: bool = False) -> Steps:
        """Return the steps of the whole call, or of its results page by page."""
        words = self.action.poll
        timeout = parse_duration(words.timeout) if words is not None and words.timeout else None
        options = start.build_exchange_options(timeout or job.DEFAULT_TIMEOUT)
        ready = job.ReadyCall(start.compiled, start.request, options, {}, self.file)
        return job.run_job(ready, self._prepare_next, now, in_pages=in_pages)

    def _prepare_next(self, part: Literal["poll", "then"], found: Mapping[str, Any]) -> job.ReadyCall:
        """Prepare a call with what a reply has, and the inputs that the start and it have. Raises ConnectorError."""
        words = self.action.poll if part == "poll" else self.action.then
        assert words is not None
        options = replace(self.options, observers=(), debug=False, idempotency_key=None, problems=())
        if part == "poll":
            options = replace(options, limit=None, page_size=None)
        fields = self.connector.action(words.action).inputs
        spelled = {self.action.key_by_spelling.get(name, name): value for name, value in self.given.items()}
        given = {key: value for key, value in spelled.items() if key in fields} | dict(found)
        call = self.prepare(words.action, given, options)
        shown = {
            key: to_jsonable_python(value, fallback=str)
            for key, value in given.items()
            if not fields[key].secret and fields[key].type != "file"
        }
        return job.ReadyCall(call.compiled, call.request, call.build_exchange_options(_RESULTS_TIMEOUT), shown)
