"""Programs are kept on disk: a command that ran before neither traces nor compiles again."""

import hashlib
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from airscene.errors import InputError
from airscene.files import write_atomic

if TYPE_CHECKING:
    from jax.export import Exported

# What all programs may take together, in bytes; those used longest ago go first. One takes 10 to
# 500 kB.
MOST = 256 * 2**20

# JAX's own variables. A user who sets the first decides where programs are kept; empty, nowhere.
# JAX could keep to a size by itself, but waits ten seconds for a lock at each program where another
# process holds it.
FOLDER = "JAX_COMPILATION_CACHE_DIR"
OPTIONS = {
    # By default, only what took a second is kept; a command compiles dozens of smaller programs.
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}

# The folder that `keep_compiled` chose in this process, under `FOLDER`.
_ours: dict[str, str] = {}

# What JAX's warnings begin with where a kept program cannot be read, or one cannot be kept.
UNREADABLE = "Error reading persistent compilation cache entry"
UNWRITABLE = "Error writing persistent compilation cache entry"


def keep_compiled() -> None:
    """Tell JAX, before it is imported, and the processes that this one starts, to keep programs.

    They are kept in the user's cache, in a folder for this kind of processor and this version of
    JAX's compiler, as a program may use what another processor lacks. Nothing is kept where the
    folder cannot be made.
    """
    if FOLDER in os.environ:
        return
    top = _top()
    folder = top / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make_room(top)
    except OSError:
        return
    # Without a home, the user's cache is no absolute path.
    if folder.is_absolute() and os.access(folder, os.W_OK):
        os.environ[FOLDER] = _ours[FOLDER] = str(folder)
        for name, value in OPTIONS.items():
            os.environ.setdefault(name, value)


def kept_trace(said: str, trace: Callable[[], "Exported"]) -> "Exported | None":
    """Return a traced program: one that was kept, or else trace it, and keep it.

    To trace a program takes as long as to load what it was compiled to. It is kept beside that, as
    long as no source of this package changes.

    Args:
        said: What decides the program, but the sources and what JAX is set to.
        trace: Traces it.

    Returns:
        The program; None if this process keeps none, as where it was not told `keep_compiled`.
    """
    import jax

    folder = os.environ.get(FOLDER)
    if not folder or _ours.get(FOLDER) != folder:
        return None
    options = (
        version("jax"),
        version("equinox"),
        jax.default_backend(),
        str(jax.config.read("jax_enable_x64")),
    )
    name = hashlib.sha256("\n".join((_sources(), *options, said)).encode()).hexdigest()
    file = Path(folder) / f"{name}-traced"
    # A file that is damaged is written anew. Errors of many kinds tell of it.
    with suppress(Exception):
        found = jax.export.deserialize(bytearray(file.read_bytes()))
        file.touch()
        return found
    program = trace()
    with suppress(OSError, InputError):
        write_atomic(file, bytes(program.serialize()))
    return program


@cache
def _sources() -> str:
    """A hash of the sources of this package, which decide what is traced."""
    top = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(top.rglob("*.py")):
        digest.update(str(file.relative_to(top)).encode() + file.read_bytes())
    return digest.hexdigest()


def heal(warning: str) -> bool:
    """Take a warning of JAX about kept programs, and say whether it is one; it compiles anew.

    JAX neither names nor replaces a file that it cannot read, such as one whose writing was cut
    short: all programs are forgotten then.
    """
    if warning.startswith(UNREADABLE) and FOLDER in os.environ:
        for file in Path(os.environ[FOLDER]).glob("*-cache"):
            with suppress(OSError):
                file.unlink()
    return warning.startswith((UNREADABLE, UNWRITABLE))


def quick_to_compile() -> dict[str, int] | None:
    """Return options of `jax.jit` for a program that is compiled for one run, as of an update.

    On a processor, the time of an update of AIR goes into products of matrices, which come from a
    library: at its first level XLA compiles it in two thirds of the time, and it runs as fast.
    """
    import jax

    level = "xla_backend_optimization_level"
    if jax.default_backend() != "cpu" or level in os.environ.get("XLA_FLAGS", ""):
        return None
    return {level: 1}


def _top() -> Path:
    return Path(platformdirs.user_cache_path("airscene")) / "compiled"


def _make_room(top: Path) -> None:
    """Delete what is empty, as a full disk leaves it, and what was used longest ago."""
    used = []
    for file in top.glob("*/*"):
        with suppress(OSError):
            said = file.stat()
            if said.st_size:
                used.append((max(said.st_atime, said.st_mtime), said.st_size, file))
            else:
                file.unlink()
    room = MOST
    for _, size, file in sorted(used, reverse=True):
        room -= size
        if room < 0:
            with suppress(OSError):
                file.unlink()


def _machine() -> str:
    """A short name of what programs depend on beside their code, which JAX's own keys leave out."""
    said = [version("jaxlib"), platform.machine(), platform.processor()]
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        said += sorted({line for line in lines if line.startswith(("flags", "Features", "model"))})
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
