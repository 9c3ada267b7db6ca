"""The result of a call."""

from __future__ import annotations

import base64
from dataclasses import field
from typing import TYPE_CHECKING, Any, Generic

from pydantic_core import to_jsonable_python

from connector.core.request.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import TypeVar  # its stub comes with every type checker

    from connector import errors
    from connector.core.response.trace import Trace

    DataT_co = TypeVar("DataT_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    DataT_co = TypeVar("DataT_co", covariant=True)


@fixed
class Result(Generic[DataT_co]):
    """The result of a call; `Result[Meeting]` where a typed method says what its data are.

    `data` is the service's answer, as it came ({} for no content, bytes for binary); `status`, `headers` (lower-case
    names) and `request_id` are those of the last reply; `attempts` counts the requests sent; `elapsed` are the seconds
    of the whole call, waits included; `outcome` is "done". For listings, `complete` says whether nothing is left and
    `pages` counts the pages. `job` is the call that asks for the job that was started: `action` and `inputs`.
    A result that is `from_records` was not asked of the service: `age` are the seconds since it was.
    `warnings` are sentences; `debug` is the redacted trace of a debugged call.
    """

    data: DataT_co
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None
    attempts: int = 1
    outcome: errors.Outcome = "done"
    complete: bool = True
    pages: int = 1
    warnings: tuple[str, ...] = ()
    debug: Trace | None = None
    elapsed: float = 0.0
    job: Mapping[str, Any] | None = None
    from_records: bool = False
    age: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-safe data; bytes as base64 text with `encoding` with it.

        The data of equal replies is equal: `elapsed` is not in it.
        """
        data: Any = self.data
        is_binary = isinstance(data, bytes)
        fields: dict[str, Any] = {
            "data": base64.b64encode(data).decode() if is_binary else _to_json_safe(data),
            "status": self.status,
            "headers": dict(self.headers),
            "request_id": self.request_id,
            "attempts": self.attempts,
            "outcome": self.outcome,
            "complete": self.complete,
            "pages": self.pages,
            "warnings": list(self.warnings),
        }
        if is_binary:
            fields["encoding"] = "base64"
        if self.job is not None:
            fields["job"] = _to_json_safe(dict(self.job))
        if self.from_records:
            fields |= {"from_records": True, "age": self.age}
        if self.debug is not None:
            fields["debug"] = self.debug.to_list()
        return fields

    def __repr__(self) -> str:
        data: Any = self.data
        type_name = type(data).__name__
        size = len(data) if hasattr(data, "__len__") else 1
        return f"<Result {self.status} {self.outcome}: {type_name} of {size}>"

    def _repr_html_(self) -> str:
        """Return the result for a notebook, without secrets."""
        from connector.core.response.result_html import build_html

        facts = [f"{self.status} {self.outcome}", f"{self.elapsed:.2f} s", *self.warnings]
        return build_html(self.data, facts if self.complete else [*facts, "not complete"])


def end_result(result: Result, debug: Trace | None, warnings: tuple[str, ...], elapsed: float) -> Result:
    """Return the result of a call that has ended: with its trace, its warnings too, and its time."""
    return Result(  # every call makes one, and `dataclasses.replace` takes 3 microseconds more
        result.data,
        result.status,
        result.headers,
        result.request_id,
        result.attempts,
        result.outcome,
        result.complete,
        result.pages,
        (*result.warnings, *warnings),
        debug,
        elapsed,
        result.job,
        result.from_records,
        result.age,
    )


def _to_json_safe(data: Any) -> Any:
    """Return JSON-safe data; a number that is not finite becomes null."""
    return to_jsonable_python(data, inf_nan_mode="null")
