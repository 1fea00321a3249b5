"""A writer that dies of `kill -9` right after its last commit: nothing of it can hand over news.

Usage: python -m tests.campaigns.dying_writer LOG COUNT

It writes each key into its log before the commit; so every key of the log is committed.
"""

import os
import signal
import sys
import time
from pathlib import Path

from flask.cli import ScriptInfo

from consortium.kernel.ids import new_id
from tests.campaigns.writer import write_changes

PAUSE_SECONDS = 0.02


def main(path: str, count: str) -> None:
    """Commit COUNT changes and die."""
    app = ScriptInfo().load_app()
    with app.app_context(), Path(path).open("w", buffering=1, encoding="ascii") as log:
        for left in reversed(range(int(count))):
            key = str(new_id())
            log.write(key + "\n")
            write_changes([key], hold=0.0, fails=False)
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
