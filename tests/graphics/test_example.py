"""The example of a renderer of one's own runs, and finds what it looks for."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_own_renderer():
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "own_renderer.py"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    position, rotation = map(float, re.findall(r"\d\.\d+", done.stdout))
    assert position < 0.03 and rotation < 0.15
