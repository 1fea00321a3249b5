"""Every command of the guides runs as it is written, one after another.

The shell reads the lines as a reader's would; `flask` notes its words and input there, and the
commands then run in this process: a start of the program for each would take a minute.
"""

import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import ROOT

GUIDE = ROOT / "docs" / "first-society.md"
NOTE = """
set -euo pipefail
mkdir calls
flask() {
  local call=calls/$(date +%s%N)
  mkdir $call
  printf '%s\\0' "$@" > $call/words
  cat > $call/input
}
"""


def lines_of(guide: Path) -> list[str]:
    blocks = re.findall(r"```\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_a_first_society_is_set_up_as_the_guide_says(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = lines_of(GUIDE)
    script = NOTE + "\n".join(lines)
    subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, timeout=60, check=True)
    calls = sorted(Path("calls").iterdir())
    assert len(calls) == sum("flask " in line for line in lines) > 10

    said = ""
    for call in calls:
        words = (call / "words").read_text(encoding="utf-8").split("\0")[:-1]
        given = (call / "input").read_text(encoding="utf-8")
        done = app.test_cli_runner().invoke(args=words, input=given)
        assert done.exit_code == 0, f"{words}: {done.output}"
        said = done.stdout
    assert re.search(r"create\s+2\b", said), said
