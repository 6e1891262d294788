"""Compiled programs are kept on disk: a command that ran before does not compile again."""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

import platformdirs

# What all programs may take together, in bytes; those used longest ago go first. One takes 10 to
# 500 kB.
MOST = 256 * 2**20

# JAX's own variables. A user who sets the first decides where programs are kept; empty, nowhere.
FOLDER = "JAX_COMPILATION_CACHE_DIR"
OPTIONS = {
    "JAX_COMPILATION_CACHE_MAX_SIZE": str(MOST),
    # By default, only what took a second is kept; a command compiles dozens of smaller programs.
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


def keep_compiled() -> None:
    """Tell JAX, before it is imported, and the processes that this one starts, to keep programs.

    They are kept in the user's cache, in a folder for this kind of processor and this version of
    JAX's compiler, as a program may use what another processor lacks. Nothing is kept where the
    folder cannot be made.
    """
    if FOLDER in os.environ:
        return
    folder = Path(platformdirs.user_cache_path("airscene")) / "compiled" / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        os.environ.update({FOLDER: str(folder), **OPTIONS})


def _machine() -> str:
    """A short name of what programs depend on beside their code, which JAX's own keys leave out."""
    said = [version("jaxlib"), platform.machine(), platform.processor()]
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        said += sorted({line for line in lines if line.startswith(("flags", "Features", "model"))})
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
