"""Programs are kept on disk: those compiled by any command, and those traced by `infer`."""

import hashlib
import os
import platform
from collections.abc import Callable
from contextlib import suppress
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

# Where `keep_traced` keeps programs, and the hash of the sources that they are traced from.
_traced: dict[Path, str] = {}

# Bytes of the hash that a kept trace begins with.
_DIGEST = hashlib.sha256().digest_size

_TOP = Path(__file__).parent

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
        os.environ[FOLDER] = str(folder)
        for name, value in OPTIONS.items():
            os.environ.setdefault(name, value)


def keep_traced() -> None:
    """Keep traced programs too, from now on in this process: see `kept_trace`.

    It is for a command that runs no code but this package's, before it imports a model: the name of
    a program says which sources of this package it was traced from, and of no others.
    """
    files = sorted(_TOP.rglob("*.py"))
    folder = Path(os.environ.get(FOLDER, ""))
    # Only in the folder that `keep_compiled` chose: the user's own is JAX's alone.
    if files and folder.parent == _top():
        digest = hashlib.sha256()
        for file in files:
            digest.update(str(file.relative_to(_TOP)).encode() + file.read_bytes())
        _traced[folder] = digest.hexdigest()


def kept_trace(said: str, trace: Callable[[], "Exported"]) -> "Exported":
    """Return a traced program that was kept, or else trace it and keep it.

    Tracing is a large part of what a command takes whose programs are compiled already. It is for
    a process in which `keeps_traced()`.

    Args:
        said: What decides the program, but the sources and what JAX is set to.
        trace: Traces it.

    Returns:
        The program. One that is damaged on disk, which its hash tells, is traced anew.
    """
    import jax

    ((folder, sources),) = _traced.items()
    versions = version("jax"), version("equinox"), jax.default_backend()
    settings = str(sorted(jax.config.values.items()))
    name = hashlib.sha256("\n".join((sources, *versions, settings, said)).encode()).hexdigest()
    file = folder / f"{name}-traced"
    with suppress(OSError, ValueError):
        data = file.read_bytes()
        if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
            raise ValueError("it is damaged")
        file.touch()
        return jax.export.deserialize(bytearray(data[_DIGEST:]))
    program = trace()
    with suppress(OSError, InputError):
        data = bytes(program.serialize())
        write_atomic(file, hashlib.sha256(data).digest() + data)
    return program


def keeps_traced() -> bool:
    """Whether this process keeps traced programs."""
    return bool(_traced)


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
