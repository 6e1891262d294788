"""Compiled programs are kept between commands, where the user has not said otherwise."""

import os
import subprocess
import sys

import pytest

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


def test_a_damaged_program_is_compiled_anew(environment, tmp_path):
    first = compiled_by(environment)
    for file in tmp_path.rglob("airscene/compiled/*/*-cache"):
        file.write_bytes(b"damaged")
    run = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == first[0]


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
