"""A short fuzzer run: no input raises an unexpected error or passes for an event."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

resource = pytest.importorskip("resource")  # the fuzzer is not for Windows either

RUNS = 20_000
MEMORY = 2048  # MB
HERE = Path(__file__).parent


@pytest.mark.parametrize("what", ["verify", "receive"])
def test_a_fuzzer_finds_nothing(what, tmp_path):
    if importlib.util.find_spec("atheris") is None:
        reason = "the fuzzer atheris is not installed; there is none for every Python and machine"
        if os.environ.get("CI") == "true" and sys.version_info[:2] == (3, 11) and sys.platform == "linux":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    folder = tmp_path / "corpus"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # where the count of a child begins
    options = [f"-runs={RUNS}", "-seed=20", "-max_len=2000", f"-artifact_prefix={tmp_path}/", "-print_final_stats=1",
               f"-rss_limit_mb={peak + MEMORY}"]  # fmt: skip
    command = [sys.executable, str(HERE / "webhooks.py"), what, str(folder), *options]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    done = next(line for line in ran.stderr.splitlines() if "number_of_executed_units" in line)
    assert int(done.split()[-1]) >= RUNS
    assert len(list(folder.iterdir())) > 72, "nothing new was found: the code under test is not watched"
