"""The types of the whole package hold (`make lint` shows the same)."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_the_types_hold():
    pytest.importorskip("basedpyright", reason="of the extra `dev`")
    command = [sys.executable, "-m", "basedpyright", "--level", "error"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
