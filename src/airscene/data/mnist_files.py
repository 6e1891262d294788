"""The four files of MNIST, checked by SHA-256: found in a folder or fetched from a mirror."""

import functools
import gzip
import hashlib
import io
import os
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pooch

from airscene.errors import InputError
from airscene.files import write_atomic

Split = Literal["train", "test"]

SPLIT_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# Of the unpacked bytes: mirrors put the same files into different gzip wrappers.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
ANSWER_SECONDS = 3.0
READ_SECONDS = 30.0
# Above the largest file unpacked (47 MB): a gzip file is not unpacked further than this.
MAX_BYTES = 64_000_000


def cache_folder() -> Path:
    """The folder that keeps what was downloaded."""
    return Path(pooch.os_cache("airscene")) / "mnist"


def find_split(folder: Path, split: Split) -> list[Path | None]:
    """The paths of the images and the labels of a split, each None if it is not there.

    Args:
        folder: looked into itself, then its `mnist/`.
        split: "train" or "test".
    """
    return [_find(folder, file) for file in SPLIT_FILES[split]]


def _find(folder: Path, file: str) -> Path | None:
    # Some copies of MNIST spell train-images.idx3-ubyte.
    for inside in (folder, folder / "mnist"):
        for spelling in (file, file.replace("-idx", ".idx")):
            for path in (inside / f"{spelling}.gz", inside / spelling):
                if os.path.isfile(path):
                    return path
    return None


def read_verified(path: Path, file: str) -> bytes:
    """The unpacked bytes of one of the four files.

    Args:
        path: where it is, gzipped or not.
        file: which of the four it should be, a key of `SHA256`.

    Raises:
        InputError: if it cannot be read, is damaged or is another file.
    """
    try:
        return _verified(path.read_bytes(), file, str(path))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _verified(data: bytes, file: str, where: str) -> bytes:
    # By content, not by name: some HTTP clients unpack a .gz and keep its name.
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_BYTES)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(
                f"{where} is damaged, its gzip data cut short or altered; it should be MNIST's "
                f"{file}.gz: copy or download it again"
            ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256[file]:
        raise InputError(
            f"{where} is not MNIST's {file} (cut short, altered or another file): the SHA-256 of "
            f"its {len(data):,} bytes, unpacked, is {digest[:12]}... and should be "
            f"{SHA256[file][:12]}...; copy or download it again"
        )
    return data


def download(split: Split) -> tuple[bytes, bytes, str] | None:
    """Fetches the images and labels of a split from the first mirror that has them whole.

    What arrives is kept in the cache, if that can be written.

    Returns:
        The unpacked bytes of both files and, in plain words, where they came from; None if no
        mirror could be reached.
    """
    for mirror in _mirrors_that_answer():
        with suppress(OSError, InputError):  # What requests raises is an OSError.
            packed, unpacked = [], []
            for file in SPLIT_FILES[split]:
                packed.append(_get(f"{mirror}{file}.gz"))
                unpacked.append(_verified(packed[-1], file, f"{mirror}{file}.gz"))
            return unpacked[0], unpacked[1], f"{mirror} ({_keep(split, packed)})"
    return None


def _get(url: str) -> bytes:
    buffer = io.BytesIO()
    pooch.HTTPDownloader(timeout=READ_SECONDS, chunk_size=1 << 16)(url, buffer, None)
    return buffer.getvalue()


def _keep(split: Split, packed: list[bytes]) -> str:
    try:
        for file, data in zip(SPLIT_FILES[split], packed, strict=True):
            write_atomic(cache_folder() / f"{file}.gz", data)
    except InputError:  # A full disk should not stop a run that has its digits.
        return "not kept, as the cache cannot be written"
    return "kept in the cache"


@functools.cache
def _mirrors_that_answer() -> tuple[str, ...]:
    """The mirrors that answer within a few seconds, asked all at once, once a process.

    The timeout of a request alone would not do: it bounds neither the look-up of a name nor the
    sum over a host's addresses, so that a network that drops packets would hold up every start.
    """
    answered = dict.fromkeys(MIRRORS, False)

    def ask(mirror: str) -> None:
        probe = pooch.HTTPDownloader(timeout=ANSWER_SECONDS)
        with suppress(OSError):
            url = f"{mirror}{SPLIT_FILES['test'][1]}.gz"
            answered[mirror] = bool(probe(url, None, None, check_only=True))

    # Daemons, so that one that still waits does not hold up the end of the process.
    threads = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in MIRRORS]
    end = time.monotonic() + ANSWER_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return tuple(mirror for mirror in MIRRORS if answered[mirror])
