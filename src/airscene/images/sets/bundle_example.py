"""Makes the images that `--example` trains on: `python -m airscene.images.sets.bundle_example`.

Of the photographs of dice in the folder that AIRSCENE_DATA names, those that a model is trained on,
at half their size: what results are measured on is held out here too.
"""

import io
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.images.given import EXAMPLE
from airscene.images.resample import resample
from airscene.images.sets.counted import load_counted

# The set; by how much its images are reduced; and the quality of their JPEG.
NAME, HALF, QUALITY = "dice", 2, 90


def reduced() -> dict[str, bytes]:
    """Return the files, by their names."""
    files = {}
    for one in load_counted(NAME)[0]:
        height, width = (side // HALF for side in one.image.shape[:2])
        small = resample(np.moveaxis(one.image, -1, 0), (height, width))
        pixels = np.rint(np.clip(np.moveaxis(small, 0, -1), 0.0, 1.0) * 255.0).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, optimize=True)
        files[one.source] = buffer.getvalue()
    return files


if __name__ == "__main__":
    try:
        made = reduced()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    for name, data in made.items():
        write_atomic(EXAMPLE / name, data)
    licence = Path(os.environ["AIRSCENE_DATA"], "own", NAME, "LICENSE.txt").read_bytes()
    write_atomic(EXAMPLE / "LICENSE.txt", licence)
    print(f"wrote {EXAMPLE}, {len(made)} images, {sum(map(len, made.values())):,} bytes")
