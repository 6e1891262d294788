"""Compiled programs are kept between commands, where the user has not said otherwise."""

import os
import subprocess
import sys

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from airscene import compiled

PROGRAM = """
from airscene.compiled import keep_compiled
keep_compiled()
import jax, jax.numpy as jnp
found = []
jax.monitoring.register_event_listener(lambda name, **_: found.append(name))
print(jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones(7)))
print("/jax/compilation_cache/cache_hits" in found)
"""


def compiled_by(environment):
    run = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def environment(tmp_path):
    """An environment whose cache is empty."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    return {**ours, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}


def test_the_second_command_does_not_compile(environment, tmp_path):
    first, second = compiled_by(environment), compiled_by(environment)
    assert (first[1], second[1]) == ("False", "True")
    assert first[0] == second[0]
    assert list(tmp_path.rglob("airscene/compiled/*/*"))


def test_a_damaged_program_is_compiled_anew_and_forgotten(environment, tmp_path):
    picture = tmp_path / "one.png"
    Image.fromarray(np.zeros((50, 50), np.uint8)).save(picture)
    command = [sys.executable, "-m", "airscene.app.cli", "infer", "multi-mnist", str(picture)]
    said = []
    for _ in range(3):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        said.append((done.stdout, done.stderr))
        programs = list(tmp_path.rglob("airscene/compiled/*/*-cache"))
        traced = list(tmp_path.rglob("airscene/compiled/*/*-traced"))
        assert programs and all(file.stat().st_size > 100 for file in programs)
        assert len(traced) == 1 and traced[0].stat().st_size > 10_000
        if len(said) == 1:
            for file in (*programs[:2], *traced):
                file.write_bytes(b"damaged")
    assert said[0] == said[1] == said[2]


TRACED = """
from airscene.compiled import keep_compiled, keep_traced
keep_compiled()
keep_traced()
import jax, numpy as np
from airscene import load
model, found = load("multi-mnist").with_steps(STEPS), []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, _, **said: found.append((name.rpartition("/")[2], said.get("fun_name")))
)
print(model.infer(np.full((50, 50), 0.1, np.float32)).to_json())
print(("jaxpr_trace_duration", "_apply") in found)
"""


def traced_by(environment, steps):
    run = [sys.executable, "-c", TRACED.replace("STEPS", str(steps))]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    *scenes, traced = done.stdout.splitlines()
    return scenes, traced == "True"


def test_the_second_command_does_not_trace_the_same_program(environment, tmp_path):
    first, again = traced_by(environment, 3), traced_by(environment, 3)
    assert (first[1], again[1]) == (True, False)
    assert first[0] == again[0]
    # With another number of steps, precision or setting, it is another program.
    assert traced_by(environment, 2)[1]
    for name, value in {"ENABLE_X64": "1", "DEFAULT_MATMUL_PRECISION": "highest"}.items():
        assert traced_by({**environment, f"JAX_{name}": value}, 3)[1]
    assert not traced_by(environment, 3)[1]
    assert len(list(tmp_path.rglob("airscene/compiled/*/*-traced"))) == 4


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Keep traces in an empty folder; say which ones are made."""
    monkeypatch.setattr(compiled, "_traced", {tmp_path: "sources"})
    made = []

    def trace():
        made.append(jax.export.export(jax.jit(jnp.sin))(np.ones(3, np.float32)))
        return made[-1]

    def call():
        found = compiled.kept_trace("sin", trace).call(np.ones(3, np.float32))
        np.testing.assert_allclose(found, np.sin(1.0), rtol=1e-6)
        return len(made)

    return call


def test_a_program_is_traced_again_where_a_source_changed(kept, monkeypatch, tmp_path):
    assert kept() == kept() == 1
    monkeypatch.setattr(compiled, "_traced", {tmp_path: "others"})
    assert kept() == kept() == 2


def test_a_trace_with_one_wrong_byte_is_made_anew(kept, tmp_path):
    assert kept() == 1
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for i, wrong in enumerate((b"", whole[:20], whole[:-9], whole[:-9] + b"?" + whole[-8:])):
        file.write_bytes(wrong)
        assert kept() == i + 2
        assert file.read_bytes() == whole
    assert kept() == 5


def test_traces_are_kept_in_our_own_folder_only(monkeypatch, tmp_path):
    monkeypatch.setattr(compiled, "_traced", {})
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setenv(compiled.FOLDER, str(tmp_path / "elsewhere"))
    compiled.keep_traced()
    assert not compiled.keeps_traced()
    monkeypatch.setenv(compiled.FOLDER, str(tmp_path / "airscene" / "compiled" / "machine"))
    compiled.keep_traced()
    assert compiled.keeps_traced()


def test_what_is_empty_and_what_was_used_longest_ago_goes(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    monkeypatch.delenv(compiled.FOLDER, raising=False)
    for name in compiled.OPTIONS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(compiled, "MOST", 25)
    folder = tmp_path / "airscene" / "compiled" / "another"
    folder.mkdir(parents=True)
    for age in range(5):
        (folder / f"{age}-cache").write_bytes(b"x" * 10 * (age > 0))
        os.utime(folder / f"{age}-cache", (1e9 - age, 1e9 - age))
    compiled.keep_compiled()
    assert sorted(file.name for file in folder.iterdir()) == ["1-cache", "2-cache"]
    # What the user has set stays.
    assert all(os.environ[name] == "1" for name in compiled.OPTIONS)
    monkeypatch.delenv(compiled.FOLDER)


def test_the_user_decides(monkeypatch):
    for said in ("", "elsewhere"):
        monkeypatch.setenv(compiled.FOLDER, said)
        compiled.keep_compiled()
        assert os.environ[compiled.FOLDER] == said


def test_a_cache_that_cannot_be_made_is_done_without(monkeypatch, tmp_path):
    (tmp_path / "airscene").write_text("a file in the way")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    monkeypatch.delenv(compiled.FOLDER, raising=False)
    compiled.keep_compiled()
    assert compiled.FOLDER not in os.environ


def test_only_processors_compile_quickly_and_the_user_decides(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=true")
    assert compiled.quick_to_compile() == {"xla_backend_optimization_level": 1}
    monkeypatch.setattr("jax.default_backend", lambda: "gpu")
    assert compiled.quick_to_compile() is None
    monkeypatch.undo()
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=2")
    assert compiled.quick_to_compile() is None


def test_a_run_is_compiled_quickly(environment, tmp_path):
    """With the options that users have, which the other tests have not."""
    small = "--n-train 200 --n-test 20 --n-hidden 4 --n-features 4 --n-layer 4 --n-what 2".split()
    few = "--digits bundled --n-cells 4 --steps 2 --evaluate-every 2 --save-every 2".split()
    command = [sys.executable, "-m", "airscene.app.cli", "train", "multi-mnist-fast", *small, *few]
    command += ["--batch-size", "2", "--out", str(tmp_path / "run")]
    ours = {name: value for name, value in environment.items() if name != "XLA_FLAGS"}
    subprocess.run(command, env=ours, capture_output=True, check=True)
    assert (tmp_path / "run" / "report.html").is_file()
