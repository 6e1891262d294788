"""An OpenGL context without a screen: EGL or OSMesa, whichever works on this machine."""

import functools
import glob
import importlib
import os
import subprocess
import sys
from typing import Any

from airscene.errors import InputError
from airscene.graphics.mujoco.mjcf import check_mujoco

# Both backends are tried within the minute that a pool gives a worker to start.
_PROBE_SECONDS = 20

_PROBE = """
import importlib, os, sys
context = importlib.import_module("mujoco." + sys.argv[1]).GLContext(8, 8)
context.make_current()
import mujoco
mujoco.MjrContext(mujoco.MjModel.from_xml_string("<mujoco/>"), 50)
os._exit(0)
"""


def make_context(width: int, height: int) -> Any:
    """A current OpenGL context for MuJoCo, headless.

    `MUJOCO_GL` decides if it is `egl` or `osmesa`. Otherwise both are tried, in processes of their
    own as a driver may crash, and `MUJOCO_GL` is set to what was found, for the processes started
    after.

    Raises:
        InputError: if `mujoco` is not installed, or neither library is there.
    """
    # One thread a process: the pool of renderers is what uses the cores.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    check_mujoco()
    backend = os.environ.get("MUJOCO_GL", "")
    if backend not in ("egl", "osmesa"):
        backend = os.environ["MUJOCO_GL"] = _find_backend()
    try:
        context = importlib.import_module(f"mujoco.{backend}").GLContext(width, height)
        context.make_current()
    except Exception as error:
        raise InputError(
            f"MUJOCO_GL is {backend}, which does not work here ({error}); unset it, or install "
            "the Debian package libosmesa6 or libegl1"
        ) from error
    return context


@functools.cache
def _find_backend() -> str:
    # Without a graphics card both draw on the CPU, as fast, and OSMesa needs fewer libraries.
    card = glob.glob("/dev/dri/renderD*") + glob.glob("/dev/nvidia[0-9]*")
    for backend in ("egl", "osmesa") if card else ("osmesa", "egl"):
        environment = {**os.environ, "MUJOCO_GL": backend}
        environment.pop("PYOPENGL_PLATFORM", None)
        try:
            subprocess.run(
                [sys.executable, "-c", _PROBE, backend],
                env=environment,
                check=True,
                timeout=_PROBE_SECONDS,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return backend
    raise InputError(
        "OpenGL works neither by OSMesa nor by EGL here: on Debian or Ubuntu, "
        "apt-get install libosmesa6 (or libegl1 libgl1-mesa-dri)"
    )
