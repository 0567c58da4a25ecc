"""What is to be done is told from processes that have read no task, too."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TELL = """
import config.wsgi
from celery import Task
told = []
Task.delay = lambda self, *args: told.append(self.name)
from customers.nudges import nudge
for name in {names!r}:
    nudge(name, 1)
print(*told)
"""


def test_a_web_process_knows_every_task_that_it_tells_of() -> None:
    texts = [path.read_text() for path in (ROOT / "customers").rglob("*.py")]
    names = sorted({name for text in texts for name in re.findall(r'partial\(nudge, "([a-z_.]+)"', text)})
    assert len(names) >= 4
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _TELL.format(names=names)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"customers.{name}" for name in names]
