"""A process that draws: what `RenderPool` starts, one for each core."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np

from airscene.errors import InputError
from airscene.graphics.blur import Likelihood, blur_basis, blurred, log_likelihoods
from airscene.graphics.pool.shared import Layout, views
from airscene.graphics.renderer import Renderer, name_of, render_checked
from airscene.graphics.scenes import SceneBatch


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

    Args:
        connection: to the pool.
        make: makes the renderer.
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
    """What went wrong, in words for the user."""
    if isinstance(error, InputError):
        return str(error)
    return f"{name} raised {type(error).__name__}: {error}"
