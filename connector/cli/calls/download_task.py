"""A download as a task of a command."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

from connector.cli.output.stdio import print_stderr
from connector.core.auth.site import Site
from connector.core.request.download_request import build_download_request
from connector.errors import InputError
from connector.first_use import dataclass
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.downloads.batch import DownloadBatch
from connector.runtime.downloads.download import DownloadRequest

if TYPE_CHECKING:
    from connector.cli.calls.call import CallTask
    from connector.cli.output.progress import ProgressBar
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client

DEFAULT_CONCURRENCY = 4  # files


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadTask:
    """A download of a URL, or of the files that an action lists; `failed_paths` were not downloaded."""

    streams_items: ClassVar[bool] = False  # its items are the downloaded files

    url: str | None = None
    call: CallTask | None = None
    target: str = "."
    token: str | None = field(default=None, repr=False)
    overwrite: bool = False
    concurrency: int = DEFAULT_CONCURRENCY
    progress_bar: ProgressBar
    failed_paths: list[str] = field(default_factory=list)
    options: CallOptions = field(default_factory=CallOptions)

    @property
    def action(self) -> str | None:
        """The action whose files are downloaded; None for a URL."""
        return self.call.action if self.call is not None else None

    @property
    def is_debugged(self) -> bool:
        """Whether the call of the action is to be traced."""
        return self.call is not None and self.call.is_debugged

    @property
    def needs_connection(self) -> bool:
        """Whether it needs a connection: a token of its own replaces one."""
        return self.token is None

    def is_listing(self, connector: Connector) -> bool:  # noqa: ARG002  as CallTask has it
        """Whether the result has a list of files: of an action, not of a URL."""
        return self.url is None

    def select_items(self, connector: Connector, data: Any) -> list[Any] | None:
        """Return the files in the result of an action, or None for a URL."""
        return data["files"] if self.is_listing(connector) else None

    def send(self, client: Client, options: CallOptions) -> Result:
        """Download. Raises ConnectorError."""
        try:
            with self.progress_bar as progress_bar:
                if self.url is not None:
                    request = DownloadRequest.from_arguments(
                        self.url,
                        self.target,
                        overwrite=self.overwrite,
                        token=self.token,
                        on_progress=progress_bar.update,
                    )
                    return client.execute_download(request, options)
                assert self.call is not None
                batch = DownloadBatch.from_arguments(
                    client.connector, str(self.call.action), self.target, concurrency=self.concurrency,
                    overwrite=self.overwrite, on_progress=progress_bar.update, limit=options.limit,
                )  # fmt: skip
                result = client.execute_batch(batch, self.call.given, options)
        except KeyboardInterrupt as interrupt:
            for note in getattr(interrupt, "__notes__", ()):
                print_stderr(note)
            raise
        self._report_failures(result.data)
        return result

    def _report_failures(self, data: dict[str, Any]) -> None:
        """Print the files that were not downloaded on stderr."""
        for row in data["files"]:
            if "error" in row:
                self.failed_paths.append(row["path"])
                print_stderr(f"{row['path']}: {row['error']['message']} {row['error']['hint']}".rstrip())

    def build_request(self, connector: Connector, place: str | Site | None, options: CallOptions) -> Request:
        """Return the first request. Raises InputError."""
        return self.preview(connector, place, options)[0]

    def preview(
        self, connector: Connector, place: str | Site | None, options: CallOptions
    ) -> tuple[Request, tuple[str, ...]]:
        """Return the first request, and what is odd about its inputs. Raises InputError."""
        if self.call is not None:
            return self.call.preview(connector, place, options)
        if options.problems:
            raise InputError.from_problems("options", list(options.problems))
        manifest = connector.manifest
        base_url = place.base_url if isinstance(place, Site) else place
        clouds = [
            cloud for cloud in manifest.clouds.values() if cloud.base_url is not None and cloud.base_url == base_url
        ]
        hosts = tuple(clouds[0].allowed_hosts) if clouds else None
        return build_download_request(connector, str(self.url), base_url or manifest.base_url, allowed_hosts=hosts), ()
