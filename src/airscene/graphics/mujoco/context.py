"""An OpenGL context without a screen: EGL or OSMesa, whichever works on this machine."""

import functools
import glob
import importlib
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    """An OpenGL context for MuJoCo, headless; `current` makes it the one that is drawn into.

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
        with _TURN:
            context = importlib.import_module(f"mujoco.{backend}").GLContext(width, height)
        with current(context):
            pass
    except Exception as error:
        raise InputError(
            f"MUJOCO_GL is {backend}, which does not work here ({error}); unset it, or install "
            "the Debian package libosmesa6 or libegl1"
        ) from error
    return context


# OpenGL draws into the context that is current in a thread, and a context is current in one thread
# at most: renderers of one process take turns.
_TURN = threading.RLock()
# A renderer that is freed while another draws, by the garbage collector, gives the place back.
_CURRENT: list[Any] = []


@contextmanager
def current(context: Any) -> Iterator[None]:
    """Make a context the current one, for this thread alone, and give it free afterwards."""
    with _TURN:
        context.make_current()
        _CURRENT.append(context)
        try:
            yield
        finally:
            _CURRENT.pop()
            if _CURRENT:
                _CURRENT[-1].make_current()
            else:
                _release()


def _release() -> None:
    if os.environ["MUJOCO_GL"] == "egl":
        from mujoco import egl

        none = (egl.EGL.EGL_NO_SURFACE, egl.EGL.EGL_NO_SURFACE, egl.EGL.EGL_NO_CONTEXT)
        egl.EGL.eglMakeCurrent(egl.EGL_DISPLAY, *none)
    else:
        from OpenGL import GL, osmesa

        osmesa.OSMesaMakeCurrent(None, None, GL.GL_FLOAT, 0, 0)


@functools.cache
def _find_backend() -> str:
    if not sys.platform.startswith("linux"):
        raise InputError(
            f"MuJoCo draws without a screen on Linux only, and this is {platform.system()}; give "
            "a renderer of your own (airscene.SceneModel, make=...), or set MUJOCO_GL to what works"
        )
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
