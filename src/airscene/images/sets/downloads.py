"""Files that are published and known by SHA-256: from a folder, the cache or a mirror."""

import functools
import gzip
import hashlib
import io
import os
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pooch

from airscene.errors import InputError
from airscene.files import write_atomic

ANSWER_SECONDS = 3.0
READ_SECONDS = 30.0
# Above the largest file unpacked (47 MB): a gzip file is not unpacked further than this.
MAX_BYTES = 64_000_000
_GIT_DIGITS = 40


def read_sums(text: str) -> dict[str, str]:
    """SHA-256 by the name of a file, from lines as `sha256sum` writes them."""
    return {name: digest for digest, name in map(str.split, text.strip().splitlines())}


class Found(NamedTuple):
    """What a search for files came to.

    Args:
        contents: the unpacked bytes of each file asked for; None if they are nowhere.
        where: where they came from, in plain words.
        passed_over: why the places before it were passed over, in plain words.
    """

    contents: list[bytes] | None
    where: str
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedFiles:
    """The files of a data set that others publish.

    Args:
        name: what messages call the data set.
        folder: what its folder is called in the cache, and may be in a folder of the user's.
        sha256: SHA-256 of each file, unpacked, by the file's name; or, where it is 40 digits long,
            the name that git gives the content: SHA-1 of "blob", its length, and it.
        mirrors: the addresses to which a file's name and `suffix` are added.
        suffix: ".gz" if the mirrors hold the files gzipped.
        respelled: a part of the names, and another spelling of it that some copies have.
    """

    name: str
    folder: str
    sha256: Mapping[str, str]
    mirrors: tuple[str, ...]
    suffix: str = ""
    respelled: tuple[str, str] = ("", "")

    def load(self, files: Sequence[str], source: str | Path = "auto") -> Found:
        """The bytes of some of the files.

        Args:
            files: which, keys of `sha256`.
            source: a folder that holds them, gzipped or not, or whose `self.folder` does; or
                "auto" for the first of these that has them: the folder that the environment
                variable AIRSCENE_DATA names, the cache, a download.

        Returns:
            What was found; without contents where "auto" found nothing.

        Raises:
            InputError: if the folder given holds none of the files, or a folder holds only some,
                or a file in it or in the cache is damaged: that is never passed over.
        """
        if source != "auto":
            found = self._from_folder(files, Path(source), f"the folder {source}")
            if found is None:
                names = " and ".join(f"{file}{self.suffix}" for file in files)
                raise InputError(f"there is no {self.name} in {source}: it should hold {names}")
            return found
        passed_over = ()
        if named := os.environ.get("AIRSCENE_DATA"):
            found = self._from_folder(files, Path(named), "the folder that AIRSCENE_DATA names")
            if found is not None:
                return found
            passed_over = (f"the folder that AIRSCENE_DATA names holds no {self.name}",)
        # A part in the cache is no fault: a download that was interrupted leaves it.
        found = self._from_folder(files, self.cache_folder(), "the cache", partly=True)
        found = found or self._from_mirror(files)
        if found is None:
            found = Found(None, "", (f"no mirror of {self.name} could be reached",))
        return found._replace(passed_over=passed_over + found.passed_over)

    def cache_folder(self) -> Path:
        """The folder that keeps what was downloaded."""
        return Path(pooch.os_cache("airscene")) / self.folder

    def _from_folder(
        self, files: Sequence[str], folder: Path, where: str, partly: bool = False
    ) -> Found | None:
        """What a folder holds, unless that is nothing or, where it is no fault, only a part."""
        paths = [self._find(folder, file) for file in files]
        there = [path for path in paths if path is not None]
        if not there or partly and None in paths:
            return None
        if None in paths:
            missing = files[paths.index(None)]
            raise InputError(
                f"{folder} holds only a part of {self.name}: {missing}{self.suffix} should be "
                "there too"
            )
        contents = []
        for path, file in zip(there, files, strict=True):
            try:
                contents.append(self._verified(path.read_bytes(), file, str(path)))
            except OSError as error:
                raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        return Found(contents, where)

    def _find(self, folder: Path, file: str) -> Path | None:
        for inside in (folder, folder / self.folder):
            for spelling in (file, file.replace(*self.respelled)):
                for path in (inside / f"{spelling}{self.suffix}", inside / spelling):
                    if os.path.isfile(path):
                        return path
        return None

    def _verified(self, data: bytes, file: str, where: str) -> bytes:
        """The unpacked bytes of a file, if they are those that were published."""
        # By content, not by name: some HTTP clients unpack a .gz and keep its name.
        if data[:2] == b"\x1f\x8b":
            try:
                data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_BYTES)
            except (EOFError, OSError, zlib.error) as error:
                raise InputError(
                    f"{where} is damaged, its gzip data cut short or altered; it should be "
                    f"{self.name}'s {file}{self.suffix}: copy or download it again"
                ) from error
        known = self.sha256[file]
        by_git = len(known) == _GIT_DIGITS
        digest = _git_name(data) if by_git else hashlib.sha256(data).hexdigest()
        if digest != known:
            raise InputError(
                f"{where} is not {self.name}'s {file} (cut short, altered or another file): the "
                f"{'git name' if by_git else 'SHA-256'} of its {len(data):,} bytes, unpacked, is "
                f"{digest[:12]}... and should be {known[:12]}...; copy or download it again"
            )
        return data

    def _from_mirror(self, files: Sequence[str]) -> Found | None:
        """Fetches the files from the first mirror that has them whole, and keeps them."""
        probe = f"{list(self.sha256)[-1]}{self.suffix}"
        for mirror in mirrors_that_answer(self.mirrors, probe):
            with suppress(OSError, InputError):  # What requests raises is an OSError.
                packed, contents = [], []
                for file in files:
                    address = f"{mirror}{file}{self.suffix}"
                    packed.append(_get(address))
                    contents.append(self._verified(packed[-1], file, address))
                return Found(contents, f"{mirror} ({self._keep(files, packed)})")
        return None

    def _keep(self, files: Sequence[str], packed: Sequence[bytes]) -> str:
        try:
            for file, data in zip(files, packed, strict=True):
                write_atomic(self.cache_folder() / f"{file}{self.suffix}", data)
        except InputError:  # A full disk should not stop a run that has its data.
            return "not kept, as the cache cannot be written"
        return "kept in the cache"


def _git_name(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _get(url: str) -> bytes:
    buffer = io.BytesIO()
    pooch.HTTPDownloader(timeout=READ_SECONDS, chunk_size=1 << 16)(url, buffer, None)
    return buffer.getvalue()


@functools.cache
def mirrors_that_answer(mirrors: tuple[str, ...], probe: str) -> tuple[str, ...]:
    """The mirrors that answer within a few seconds, asked all at once, once a process.

    The timeout of a request alone would not do: it bounds neither the look-up of a name nor the
    sum over a host's addresses, so that a network that drops packets would hold up every start.
    """
    answered = dict.fromkeys(mirrors, False)

    def ask(mirror: str) -> None:
        downloader = pooch.HTTPDownloader(timeout=ANSWER_SECONDS)
        with suppress(OSError):
            answered[mirror] = bool(downloader(f"{mirror}{probe}", None, None, check_only=True))

    # Daemons, so that one that still waits does not hold up the end of the process.
    threads = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    end = time.monotonic() + ANSWER_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return tuple(mirror for mirror in mirrors if answered[mirror])
