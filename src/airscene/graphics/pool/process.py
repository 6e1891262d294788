"""The pool's end of a worker process: starting it with one thread, asking it, ending it."""

import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context

from airscene.errors import InputError
from airscene.graphics.pool.worker import Chunk, work
from airscene.graphics.renderer import Renderer

# The workers are what uses the cores, so each of them takes one. Set before NumPy loads.
_ONE_THREAD = (
    "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS VECLIB_MAXIMUM_THREADS "
    "NUMEXPR_NUM_THREADS"
).split()


class WorkerProcess:
    """A process that draws, the pipe to it, and what it was last asked for.

    Args:
        make: makes the renderer.

    Raises:
        InputError: if `make` does not pickle.
    """

    def __init__(self, make: Callable[[], Renderer]):
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, make), daemon=True)
        try:
            with _environment(dict.fromkeys(_ONE_THREAD, "1")), _without_interrupts():
                self.process.start()
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            raise InputError(
                f"{make} cannot be sent to another process ({error}); give a class, a "
                "module-level function or a partial of one"
            ) from error
        theirs.close()
        self.chunk: Chunk | None = None
        self.ready, self.since = False, time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether an answer is to come: about a chunk, or that it has started."""
        return not self.ready or self.chunk is not None

    def ask(self, chunk: Chunk) -> None:
        """Have it draw a chunk."""
        self.chunk, self.since = chunk, time.monotonic()
        with suppress(OSError):  # a dead worker is found by its silence
            self.connection.send(chunk)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def n_cores() -> int:
    """The number of cores that this process may use; macOS and Windows know all of them only."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """A process started within starts with Ctrl-C blocked, until it ignores it itself.

    Windows cannot block signals: Ctrl-C in the second that a worker starts in may end it there.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
