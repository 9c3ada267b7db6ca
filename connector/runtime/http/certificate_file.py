"""A certificate as a file that the TLS library can read: in memory where the system can, else of this user alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def as_file(pem: bytes) -> Iterator[str]:
    """Yield the path of a file with a certificate and its key, which is gone afterwards."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, pem)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    descriptor, name = tempfile.mkstemp(prefix="connector-")  # readable by this user alone
    try:
        try:
            os.write(descriptor, pem)
        finally:
            os.close(descriptor)
        yield name
    finally:
        Path(name).unlink()
