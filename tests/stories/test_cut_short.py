"""A first start that is killed while it loads the demonstration, and the start after it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.conftest import Databases
from tests.stories.node import ROOT, environment_of, free_ports, running_node


def test_a_demonstration_cut_short_is_put_aside_and_loaded_anew(
    databases: Databases, database_kind: str, tmp_path: Path
) -> None:
    url, home = databases.empty(), tmp_path / "var"
    _kill_while_loading(url, home)
    if database_kind == "postgresql":
        ended = _start(url, home, free_ports())
        told, _ = ended.communicate(timeout=60)
        assert (ended.returncode, "ready" in told) == (1, False)
        assert "Start again with an empty database." in told
        return
    with running_node(url, home) as node:
        assert requests.get(f"{node.issuer}/events/demo-congress", timeout=30).status_code == 200
    (aside,) = home.glob("cut-short-*")
    assert Path(url.removeprefix("sqlite:///")).name in {path.name for path in aside.iterdir()}


def _kill_while_loading(url: str, home: Path) -> None:
    started = _start(url, home, free_ports())
    assert started.stdout is not None
    for line in started.stdout:
        if line.startswith("Loading the demonstration"):
            break
    time.sleep(0.5)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    started.stdout.close()


def _start(url: str, home: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "tools/run.py", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | environment_of(url, home, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
