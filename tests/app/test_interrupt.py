"""Ctrl-C while a model trains: the state is saved, and one line says how to go on."""

import json
import shlex
import signal
import subprocess
import sys
import time

OPTIONS = (
    "--digits bundled --n-train 50 --n-test 10 --n-hidden 4 --n-features 4 --n-layer 4 --n-what 2"
)
OPTIONS += " --n-cells 4 --batch-size 2 --steps 1000000 --evaluate-every 50 --save-every 1000000"


def test_a_run_is_interrupted_and_says_how_to_go_on(tmp_path):
    out = tmp_path / "my run"
    metrics = out / "metrics.jsonl"
    arguments = [*shlex.split(OPTIONS), "--out", str(out)]
    command = [sys.executable, "-m", "airscene.app.cli", "train", "multi-mnist-fast", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not metrics.exists() or not metrics.read_text():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, told = process.communicate(timeout=100)
    assert process.returncode == 130
    assert said == ""
    assert "Traceback" not in told
    line = told.splitlines()[-1]
    assert line.startswith("airscene: stopped at step ")
    # What it says to type is the same command again, quoted as a shell needs it.
    typed = line.partition("go on with: airscene ")[2]
    assert shlex.split(typed) == ["train", "multi-mnist-fast", *arguments, "--resume"]
    step = json.loads(metrics.read_text().splitlines()[-1])["step"]
    assert (out / "checkpoints" / str(step)).is_dir()
