"""Makes the bundled subset of MNIST: `python -m airscene.images.sets.bundle FOLDER`.

FOLDER holds the four files of MNIST. Every sixth digit of the training split and every fifth of
the test split are taken, not the first ones: the first half of the test split is by other writers
than the second, and easier.
"""

import io
import sys
from pathlib import Path

import numpy as np

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.images.sets.digits import BUNDLED, load_digits


def bundle(folder: str | Path) -> dict[str, np.ndarray]:
    """The arrays of the bundled subset, from a folder with MNIST's files."""
    train, test = load_digits("train", folder), load_digits("test", folder)
    return {
        "train_images": train.images[::6],
        "train_labels": train.labels[::6],
        "test_images": test.images[::5],
        "test_labels": test.labels[::5],
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m airscene.images.sets.bundle FOLDER")
    buffer = io.BytesIO()
    try:
        np.savez_compressed(buffer, **bundle(sys.argv[1]))  # pyright: ignore[reportArgumentType]
        write_atomic(str(BUNDLED), buffer.getvalue())
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"wrote {BUNDLED}, {len(buffer.getvalue()):,} bytes")
