"""Carries out a Dockerfile without Docker: its lines, word for word, in a root that is thrown away.

The root is this machine's own, copied on write, with Python where the base image has it. Needs root and `unshare`.

    python tests/examples/deployment/image_steps.py deploy/Dockerfile . COMMAND...
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

_STEP_BY_STEP = """
set -eu
work=$1; context=$2; python=$3; shift 3
mount -t tmpfs none "$work"
mkdir "$work/changes" "$work/own" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/changes,workdir=$work/own" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for folder in /root /home; do [ ! -d "$root$folder" ] || mount -t tmpfs none "$root$folder"; done
mkdir -p "$root$python"
mount --bind "$python" "$root$python"
in_root() { chroot "$root" "$@"; }
"""
_VARIABLES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_CONFIG_FILE",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
)


class Step(NamedTuple):
    """An instruction of a Dockerfile with what stands behind it."""

    instruction: str
    text: str


def read_steps(path: Path) -> list[Step]:
    """Return the instructions of a Dockerfile in order, continued lines joined."""
    lines = [
        line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [Step(*line.strip().split(maxsplit=1)) for line in joined]


def find_last(steps: list[Step], instruction: str) -> str:
    """Return what the last instruction of a name says."""
    return [step.text for step in steps if step.instruction == instruction][-1]


def build_script(steps: list[Step], command: list[str]) -> str:
    """Return a shell script that carries out the steps and then runs a command as the image would: read-only."""
    script, folder = [_STEP_BY_STEP], "/"
    variables = {"PATH": "$python/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", "LANG": "C.UTF-8"}
    passed = {name: shlex.quote(os.environ[name]) for name in _VARIABLES if name in os.environ}
    for step in steps:
        env = " ".join(f'{name}="{value}"' for name, value in variables.items())
        pip = " ".join(f"{name}={value}" for name, value in passed.items())
        if step.instruction == "WORKDIR":
            folder = step.text
            script.append(f'mkdir -p "$root{folder}"')
        elif step.instruction == "COPY" and step.text == ". .":
            script.append(f'git -C "$context" archive HEAD | tar -x -C "$root{folder}"')
        elif step.instruction == "RUN":
            inner = f"cd {folder} && {step.text}"
            script.append(f"in_root env -i {env} {pip} sh -c {shlex.quote(inner)} >&2")
        elif step.instruction == "ENV":
            new = dict(word.split("=", 1) for word in shlex.split(step.text))
            variables |= {name: value.replace("$PATH", variables["PATH"]) for name, value in new.items()}
    env = " ".join(f'{name}="{value}"' for name, value in variables.items())
    user = find_last(steps, "USER")
    script += [
        'mount -t tmpfs none "$root/tmp"; chmod 1777 "$root/tmp"',
        f'mount -t tmpfs -o mode=0700,uid={user},gid={user} none "$root{find_last(steps, "VOLUME")}"',
        'mount -o remount,ro "$root"',
        (
            f'exec chroot "$root" env -i {env} $IMAGE_ENV setpriv --reuid {user} --regid {user} --clear-groups '
            f"--no-new-privs --bounding-set=-all sh -c {shlex.quote(f'cd {folder} && exec {shlex.join(command)}')}"
        ),
    ]
    return "\n".join(script)


def start_command(dockerfile: Path, context: Path, command: list[str], **variables: str) -> subprocess.Popen[bytes]:
    """Build, then start a command in what was built; no command is the image's own."""
    steps = read_steps(dockerfile)
    entry = json.loads(find_last(steps, "ENTRYPOINT"))
    script = build_script(steps, [*entry, *(command or json.loads(find_last(steps, "CMD")))])
    work = tempfile.mkdtemp(prefix="connector-image-")
    python = str(Path(sys.base_prefix).resolve())
    env = {**os.environ, "IMAGE_ENV": " ".join(f"{name}={value}" for name, value in variables.items())}
    return subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script, "sh", work, str(context.resolve()), python], env=env
    )


if __name__ == "__main__":
    sys.exit(start_command(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]).wait())
