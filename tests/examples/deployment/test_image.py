"""The image runs the receiver as nobody in particular, on a root that cannot be written, and Docker sees how it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from connector.cli.commands.webhook.serve import serve_command
from connector.cli.groups import root as commands

sys.path.insert(0, str(Path(__file__).parent))
from image_steps import find_last, read_steps, start_command

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
STEPS = read_steps(DEPLOY / "Dockerfile")


def parse_serve(words):
    """Return the options of `connector webhook serve`; fail where it does not take them."""
    assert words[:2] == ["webhook", "serve"]
    return serve_command.make_context("serve", list(words[2:]), parent=click.Context(serve_command)).params


def test_the_image_runs_the_receiver_with_health_where_docker_looks_for_it():
    options = parse_serve(json.loads(find_last(STEPS, "CMD")))
    assert (options["host"], options["port"], options["admin"]) == ("0.0.0.0", 8080, "0.0.0.0:9090")
    check = find_last(STEPS, "HEALTHCHECK")
    assert "http://127.0.0.1:9090/healthz" in check
    assert find_last(STEPS, "EXPOSE") == "8080"  # health and metrics are published by choice alone


def test_the_image_has_no_root_and_no_tools_of_its_build():
    assert find_last(STEPS, "USER") == "10001"
    last_stage = list(STEPS[[s.instruction for s in STEPS].index("FROM", 2) :])
    assert not any("pip" in step.text for step in last_stage)
    assert [step.text for step in STEPS if step.instruction == "FROM"][-1] == "python:${PYTHON}-slim"


def test_compose_starts_what_the_image_has_and_names_only_secrets_that_are_files():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    receivers = [compose["services"][name] for name in ("receiver-1", "receiver-2")]
    for receiver in receivers:
        assert parse_serve(receiver["command"])["path"] == "/zoom"
        assert receiver["read_only"] is True
        assert all(name.endswith("_FILE") for name in receiver["environment"])
    console = compose["services"]["console"]
    command = commands.get_command(click.Context(commands), console["command"][0])
    command.make_context("console", console["command"][1:])
    door = compose["services"]["console-door"]  # the console listens on its own loopback alone
    assert (door["network_mode"], console["ports"]) == ("service:console", ["127.0.0.1:8095:8096"])
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert sorted(published) == ["127.0.0.1:8095:8096", "443:443", "80:80"]  # no database, no health and metrics
    assert all(service["logging"]["options"]["max-size"] for service in compose["services"].values())
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            here = (DEPLOY / source).exists() or source.startswith("./secrets/")
            assert source in compose["volumes"] or here, volume
    upstream = (DEPLOY / "nginx" / "upstream-compose.conf").read_text("utf-8")
    assert re.findall(r"server ([\w-]+):8080 resolve ", upstream) == ["receiver-1", "receiver-2"]


@pytest.mark.long
@pytest.mark.skipif(
    os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")),
    reason="the image's steps need root, unshare and setpriv",
)
def test_the_steps_of_the_image_make_a_receiver_that_is_healthy_and_ends_with_0():
    """Carry out each line, start the image's own command read-only, and ask what Docker asks."""
    receiver = start_command(
        DEPLOY / "Dockerfile", ROOT, [], ZOOM_WEBHOOK_SECRET_TOKEN="a-secret-of-the-service"
    )  # fmt: skip
    probe = json.loads(find_last(STEPS, "HEALTHCHECK").partition(" CMD ")[2])
    try:
        for _ in range(300):
            assert receiver.poll() is None, "it ended"
            if subprocess.run([sys.executable, *probe[1:]], capture_output=True, check=False).returncode == 0:
                break
            subprocess.run(["sleep", "1"], check=True)
        else:
            pytest.fail("it is not healthy")
    finally:
        receiver.terminate()
        code = receiver.wait(30)
    assert code == 0
