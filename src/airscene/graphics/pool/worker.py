"""A process that draws, one for each core: what it does, the memory shared with it, its start."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np

from airscene.errors import InputError
from airscene.graphics.blur import Likelihood, blur_basis, blurred, log_likelihoods
from airscene.graphics.renderer import Renderer, name_of, render_checked
from airscene.graphics.scenes import SceneBatch

# Name, shape, type and place in bytes of each array of a block.
Layout = tuple[tuple[str, tuple[int, ...], str, int], ...]

_ALIGNED = 64
# The workers are what uses the cores, so each of them takes one. Set before NumPy loads.
_ONE_THREAD = (
    "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS VECLIB_MAXIMUM_THREADS "
    "NUMEXPR_NUM_THREADS"
).split()


class SharedArrays:
    """A block of shared memory that grows as needed, on the side that owns it."""

    def __init__(self) -> None:
        self.block: SharedMemory | None = None

    def put(
        self, inputs: dict[str, np.ndarray], output: str, shape: tuple[int, ...], dtype: type
    ) -> tuple[SharedMemory, Layout]:
        """Write arrays, make room for an output, and return the block and where each lies in it."""
        wanted = {name: (value.shape, value.dtype) for name, value in inputs.items()}
        wanted[output] = (shape, np.dtype(dtype))
        layout, size = [], _ALIGNED
        for name, (sides, kind) in wanted.items():
            layout.append((name, sides, kind.str, size))
            size += -(-int(np.prod(sides)) * kind.itemsize // _ALIGNED) * _ALIGNED
        if self.block is None or self.block.size < size:
            self.close()
            self.block = SharedMemory(create=True, size=size)
        arrays = views(self.block, tuple(layout))
        for name, value in inputs.items():
            arrays[name][...] = value
        return self.block, tuple(layout)

    def close(self) -> None:
        """Give the memory back."""
        if self.block is not None:
            self.block.unlink()
            with suppress(BufferError):  # the traceback of an error may still hold a view of it
                self.block.close()
            self.block = None


def views(block: SharedMemory, layout: Layout) -> dict[str, np.ndarray]:
    """The arrays of a block, in place; the block can be closed once they are gone."""
    return {
        name: np.ndarray(shape, np.dtype(dtype), block.buf, offset)
        for name, shape, dtype, offset in layout
    }


class Chunk(NamedTuple):
    """Some of the scenes of a call.

    Args:
        block: name of the shared memory.
        layout: the arrays in it.
        start: the first scene.
        stop: one past the last.
        likelihood: to write log-likelihoods; None to write images.
    """

    block: str
    layout: Layout
    start: int
    stop: int
    likelihood: Likelihood | None


def work(connection: Connection, make: Callable[[], Renderer]) -> None:
    """Make a renderer, then draw the chunks that come until None does.

    The first answer is the renderer's name and image size, the others are empty strings for chunks
    that are done; in place of either comes a line that says what went wrong.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        renderer = make()
        connection.send((name_of(renderer), tuple(renderer.image_size)))
    except Exception as error:
        connection.send(_line(error, name_of(make)))
        return
    block = None
    try:
        while (chunk := connection.recv()) is not None:
            if block is None or block.name != chunk.block:
                if block is not None:
                    block.close()
                block = SharedMemory(chunk.block)
            try:
                _draw(renderer, chunk, views(block, chunk.layout))
                connection.send("")
            except Exception as error:
                # What the renderer raises is an `InputError` that names it.
                connection.send(_line(error, "the worker process"))
    except (EOFError, OSError):
        pass  # the pool is gone
    finally:
        renderer.close()


def _end_with_parent() -> None:
    """End the process as soon as the pool's has ended, even in the midst of drawing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw(renderer: Renderer, chunk: Chunk, arrays: dict[str, np.ndarray]) -> None:
    rows = slice(chunk.start, chunk.stop)
    # Copies, as a renderer may keep them, and the memory could not be closed then.
    scenes = SceneBatch(
        *(arrays[name][rows].copy() for name in ("types", "poses", "camera", "look"))
    )
    images = render_checked(renderer, scenes)
    if chunk.likelihood is None:
        arrays["images"][rows] = images
        return
    blur, sigma = chunk.likelihood
    bases = [blur_basis(side, blur) for side in renderer.image_size]
    needed, which = np.unique(arrays["which"][rows], return_inverse=True)
    targets = blurred(arrays["targets"][needed], *bases)
    arrays["values"][rows] = log_likelihoods(
        blurred(images, *bases), targets, which, sigma, images[0].size
    )


def _line(error: Exception, name: str) -> str:
    if isinstance(error, InputError):
        return str(error)
    return f"{name} raised {type(error).__name__}: {error}"


class WorkerProcess:
    """The pool's end: a process that draws, the pipe to it, and what it was last asked for.

    Raises:
        InputError: if `make`, which makes its renderer, does not pickle.
    """

    def __init__(self, make: Callable[[], Renderer]):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, make), daemon=True)
        try:
            with _starting():
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
def _starting() -> Iterator[None]:
    """A process started within has one thread, and Ctrl-C blocked until it ignores it itself.

    Windows cannot block signals: Ctrl-C in the second that a worker starts in may end it there.
    """
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    blocks = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else ()
    try:
        yield
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
