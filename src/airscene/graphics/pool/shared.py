"""Arrays in memory that processes share."""

from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory

import numpy as np

# Name, shape, type and place in bytes of each array of a block.
Layout = tuple[tuple[str, tuple[int, ...], str, int], ...]

_ALIGNED = 64


class SharedArrays:
    """A block of shared memory that grows as needed, on the side that owns it."""

    def __init__(self) -> None:
        self.block: SharedMemory | None = None

    def put(
        self, inputs: dict[str, np.ndarray], output: str, shape: tuple[int, ...], dtype: type
    ) -> tuple[SharedMemory, Layout]:
        """Write arrays into the block, and make room for another.

        Args:
            inputs: what to write.
            output: name of the array that is to be written by others.
            shape: its shape.
            dtype: its type.

        Returns:
            The block, and where in it each array is.
        """
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
