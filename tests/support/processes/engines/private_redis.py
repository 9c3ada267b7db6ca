"""A Redis server of one test: it keeps every write in a file of the test's folder, and ends with the test."""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.pace import wait_until

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "redis-canary-of-a-password"


class PrivateRedis:
    """A running server; `url` has its password. Skips the test where Redis or its client is not installed."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("redis", reason="redis is not installed: pip install 'celery[redis]'")
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("Redis is not installed: there is no redis-server")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = folder / "redis.conf"  # the password is not for a command line
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {PASSWORD}\ndir {folder}\n"
            'save ""\nappendonly yes\nappendfsync no\nauto-aof-rewrite-percentage 0\n'
        )
        self._process = subprocess.Popen([program, settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        wait_until(self._is_up)

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()

    def _is_up(self) -> bool:
        assert self._process.poll() is None, "redis-server ended at once"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True
