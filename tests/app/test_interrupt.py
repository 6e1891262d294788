"""Ctrl-C while a model trains: the state is saved, and one line says how to go on."""

import shlex
import signal
import subprocess
import sys
import time

OPTIONS = "--digits bundled --n-train 50 --n-test 10 --n-hidden 4 --n-look 4 --n-layer 4 --n-what 2"
OPTIONS += " --n-cells 4 --batch-size 2 --steps 1000000 --evaluate-every 50 --save-every 1000000"


def start(*arguments):
    command = [sys.executable, "-m", "airscene.app.cli", "train", "multi-mnist-fast", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupt_after(process, metrics, rows):
    """Sends what Ctrl-C sends, once the run has written so many rows."""
    while not metrics.exists() or len(metrics.read_text().splitlines()) < rows:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    return err.splitlines()[-1]


def test_a_run_is_interrupted_and_goes_on_as_it_says(tmp_path):
    out = tmp_path / "my run"
    arguments = [*shlex.split(OPTIONS), "--out", str(out)]
    line = interrupt_after(start(*arguments), out / "metrics.jsonl", 2)
    assert line.startswith("airscene: stopped at step ")
    _, _, command = line.partition("go on with: airscene train multi-mnist-fast ")
    assert shlex.split(command) == [*arguments, "--resume"]

    rows = len((out / "metrics.jsonl").read_text().splitlines())
    again = interrupt_after(start(*shlex.split(command)), out / "metrics.jsonl", rows + 2)
    assert again.partition("go on with: ")[2] == line.partition("go on with: ")[2]
    steps = [int(row.split('"step": ')[1].split(",")[0]) for row in open(out / "metrics.jsonl")]
    assert steps == [50 * (i + 1) for i in range(len(steps))]
