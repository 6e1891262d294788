"""Worker processes that draw scenes: images of them, or only their log-likelihoods."""

import math
import signal
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from airscene.errors import InputError, check_whole
from airscene.graphics.blur import Likelihood
from airscene.graphics.pool.worker import Chunk, SharedArrays, WorkerProcess, n_cores, views
from airscene.graphics.renderer import Renderer, RendererError, name_of
from airscene.graphics.scenes import SceneBatch

# The most scenes a message: enough to make messages cheap, few enough that little is drawn again.
_CHUNK = 32
# The most images that lie in shared memory at a time, in bytes: containers often have 64 MB of it,
# and where more is needed, the block before is there until each worker has had a chunk of the next.
_MOST_BYTES = 16_000_000
# Deaths of workers over the same scenes, or at the start, before that is an error.
_DEATHS = 3


class RenderPool:
    """Renderers in processes of their own, one for each core.

    A worker that dies is replaced, and what it was drawing is drawn again. Where the pool is used
    in a script, the script's top level must be under `if __name__ == "__main__":`, as the workers
    import it.

        with RenderPool(partial(MujocoRenderer, TABLETOP)) as pool:
            images = pool.render(scenes)

    Args:
        make: makes a renderer; it must pickle, so a class, a module-level function or a `partial`
            of one.
        workers: processes; None or 0 for as many as there are cores.
        timeout: seconds that a worker may take to start, or over 32 scenes, before it is said to
            hang.

    Raises:
        InputError: if the renderer cannot be made, or `workers` is below 0.
    """

    def __init__(
        self, make: Callable[[], Renderer], workers: int | None = None, *, timeout: float = 60.0
    ):
        if not callable(make):
            raise InputError(
                f"{name_of(make)} is a renderer; give what makes one, as each worker has its own: "
                "a class, a module-level function or a partial of one"
            )
        if workers is not None:
            check_whole("workers", workers, 0)
        self._make, self._timeout = make, timeout
        self.name, self.image_size = name_of(make), (0, 0)
        self._workers: list[WorkerProcess] = []
        self._shared = SharedArrays()
        # Also at the end of the program, before the interpreter takes modules apart.
        self._finalizer = weakref.finalize(self, _shut, self._workers, self._shared)
        try:
            for _ in range(workers or n_cores()):
                self._workers.append(WorkerProcess(make))
            self._run([])
        except BaseException:
            self.close()
            raise

    @property
    def n_workers(self) -> int:
        """The number of processes that draw."""
        return len(self._workers)

    def render(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw scenes.

        Raises:
            RendererError: if the renderer fails.
        """
        images = np.empty((len(scenes), *self.image_size, 3), np.uint8)
        some = max(1, _MOST_BYTES // max(1, images[:1].nbytes))
        for start in range(0, len(scenes), some):
            part = scenes[start : start + some]
            shape = (len(part), *images.shape[1:])
            images[start : start + some] = self._call(part, {}, ("images", shape, np.uint8), None)
        return images

    def log_likelihoods(
        self,
        scenes: SceneBatch,
        targets: UInt8[np.ndarray, "targets height width 3"],
        which: Int[np.ndarray, "n"],
        *,
        blur: float,
        sigma: float,
    ) -> Float[np.ndarray, "n"]:
        """The blurred Gaussian log-likelihood of an observed image for each scene.

        log N(blur(x) | blur(y), sigma^2 I), x the target and y the image of the scene, both
        blurred by a Gaussian (`airscene.graphics.blur`); only numbers come back from the workers.
        A scene that is there more than once for a target is drawn once.

        Args:
            scenes: what to draw.
            targets: images observed.
            which: the target of each scene.
            blur: standard deviation of the blur, in pixels.
            sigma: standard deviation of the noise, in units of white.

        Returns:
            One number a scene, in nats.

        Raises:
            RendererError: if the renderer fails.
            InputError: if the targets are not of the renderer's size, `which` is not of indices of
                them, or `blur` or `sigma` is out of range.

        Source: Eslami et al. 2016, appendix I.3.
        """
        if targets.shape[1:3] != self.image_size:
            raise InputError(
                f"targets of {targets.shape[1:3]} pixels; {self.name} draws {self.image_size}"
            )
        if not (0.0 <= blur < math.inf and 0.0 < sigma < math.inf):
            raise InputError(f"blur is {blur} and sigma {sigma}; give at least 0, and above 0")
        if (
            len(which) != len(scenes)
            or which.min(initial=0) < 0
            or which.max(initial=-1) >= len(targets)
        ):
            raise InputError("which should give each scene the index of one of the targets")
        some, copies = _distinct(scenes, which)
        needed, of_needed = np.unique(which[some], return_inverse=True)
        values, most = np.empty(len(some)), max(1, _MOST_BYTES // max(1, targets[:1].nbytes))
        for start in range(0, len(needed), most):
            rows = slice(*np.searchsorted(of_needed, (start, start + most)))
            part = scenes[some[rows]]
            there = targets[needed[start : start + most]]
            inputs = {"targets": there, "which": of_needed[rows] - start}
            output = ("values", (len(part),), np.float64)
            values[rows] = self._call(part, inputs, output, Likelihood(blur, sigma))
        return values[copies]

    def close(self) -> None:
        """Stop the workers and give back the shared memory."""
        self._finalizer()

    def __enter__(self) -> "RenderPool":
        """The pool itself, closed at the end of the `with` block."""
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _call(
        self,
        scenes: SceneBatch,
        inputs: dict[str, np.ndarray],
        output: tuple[str, tuple[int, ...], type],
        likelihood: Likelihood | None,
    ) -> np.ndarray:
        """Have all scenes drawn, in chunks, and copy what the workers wrote."""
        if not self._finalizer.alive:
            raise InputError("the pool is closed; make another one")
        block, layout = self._shared.put({**vars(scenes), **inputs}, *output)
        n = len(scenes)
        # Chunks of one size, as many for each worker.
        size = max(1, -(-n // (self.n_workers * max(1, -(-n // (self.n_workers * _CHUNK))))))
        starts = range(0, n, size)
        try:
            self._run([Chunk(block.name, layout, i, min(i + size, n), likelihood) for i in starts])
        except BaseException:
            # An error or Ctrl-C: what still writes is stopped, and started again when next needed.
            for worker in self._workers:
                if worker.busy:
                    worker.kill()
                    worker.chunk, worker.ready = None, True
            raise
        return views(block, layout)[output[0]].copy()

    def _run(self, chunks: list[Chunk]) -> None:
        """Have chunks drawn; with none, wait until all the workers are ready."""
        waiting, deaths = chunks[::-1], {}
        while True:
            for k, worker in enumerate(self._workers):
                if not worker.process.is_alive() and not worker.busy:
                    worker.kill()
                    self._workers[k] = worker = WorkerProcess(self._make)
                if waiting and not worker.busy:
                    worker.ask(waiting.pop())
            busy = [worker for worker in self._workers if worker.busy]
            # A worker that is starting again is not waited for once everything is drawn.
            if not waiting and not any(worker.chunk for worker in busy) and (chunks or not busy):
                return
            slow = min(worker.since for worker in busy) + self._timeout - time.monotonic()
            answered = wait([worker.connection for worker in busy], max(slow, 0.0))
            for worker in busy:
                if worker.connection in answered:
                    self._hear(worker, waiting, deaths)
                elif time.monotonic() - worker.since > self._timeout:
                    doing = _doing(worker.chunk)
                    raise RendererError(f"{self.name} hung: {self._timeout:g} s {doing}")

    def _hear(self, worker: WorkerProcess, waiting: list[Chunk], deaths: dict) -> None:
        """Take a worker's answer, or its death."""
        chunk = worker.chunk
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            worker.kill()
            deaths[chunk] = deaths.get(chunk, 0) + 1
            if deaths[chunk] == _DEATHS:
                raise RendererError(
                    f"{self.name} ended its process {_DEATHS} times {_doing(chunk)} "
                    f"({_end(worker.process.exitcode)})"
                ) from None
            self._workers[self._workers.index(worker)] = WorkerProcess(self._make)
            if chunk is not None:
                waiting.append(chunk)
            return
        if isinstance(answer, tuple):
            self.name, self.image_size = answer
            worker.ready = True
        elif answer:
            raise RendererError(answer)
        worker.chunk = None


def _distinct(
    scenes: SceneBatch, which: Int[np.ndarray, "n"]
) -> tuple[Int[np.ndarray, "distinct"], Int[np.ndarray, "n"]]:
    """One of each scene and target, and where among them each is.

    Those of a target lie together, so that a worker, which blurs the targets that it needs, needs
    few. It is the workers that do, as they have a thread each: the threads of matrix products in
    the pool's process would wait for work at the workers' cost.
    """
    poses = np.where(scenes.present[..., None], scenes.poses, 0.0)
    poses = poses.reshape(len(scenes), 3 * scenes.types.shape[1])
    rows = np.column_stack([which, scenes.types, poses, scenes.camera, scenes.look])
    order = np.lexsort(rows.T[::-1])
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    copies = np.empty(len(rows), int)
    copies[order] = np.cumsum(is_new) - 1
    return order[is_new], copies


def _doing(chunk: Chunk | None) -> str:
    return f"over scenes {chunk.start} to {chunk.stop - 1}" if chunk else "while it started"


def _end(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"killed by {names.get(-exit_code, f'signal {-exit_code}')}"
    return f"exit status {exit_code}; what it printed is above"


def _shut(workers: list[WorkerProcess], shared: SharedArrays) -> None:
    """Ask the workers to end, and end those that do not within a moment."""
    try:
        for worker in workers:
            if not worker.busy:
                with suppress(OSError):
                    worker.connection.send(None)
        for worker in workers:
            if not worker.busy:
                worker.process.join(2.0)
    finally:
        # Also when Ctrl-C comes again.
        for worker in workers:
            worker.kill()
        workers.clear()
        shared.close()
