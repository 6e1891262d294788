"""MNIST from each of its sources, in their order, and damaged files refused.

Most tests put 20 digits in the place of MNIST, as nothing but the hashes tells them apart.
"""

import dataclasses
import gzip
import hashlib
import os
import socket
import struct
import time

import numpy as np
import pooch
import pytest

from airscene.errors import InputError
from airscene.images import load_digits
from airscene.images.sets import bundle, digits, downloads

FILES = tuple(digits.MNIST.sha256)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The files of a small MNIST, unpacked; an empty cache; no mirror; nothing in AIRSCENE_DATA."""
    rng = np.random.default_rng(0)
    files = {}
    for file in FILES:
        shape = (20, 28, 28) if "images" in file else (20,)
        header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
        files[file] = header + rng.integers(0, 10, shape, np.uint8).tobytes()
    hashes = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    small = dataclasses.replace(digits.MNIST, sha256=hashes, mirrors=())
    monkeypatch.setattr(digits, "MNIST", small)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("AIRSCENE_DATA", raising=False)
    downloads.mirrors_that_answer.cache_clear()
    yield files
    downloads.mirrors_that_answer.cache_clear()


def mirrors(monkeypatch, *addresses):
    monkeypatch.setattr(digits, "MNIST", dataclasses.replace(digits.MNIST, mirrors=addresses))


def write(folder, files, pack=True, spell=lambda file: file):
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        path = folder / (spell(file) + (".gz" if pack else ""))
        path.write_bytes(gzip.compress(data) if pack else data)
    return folder


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("spell", [str, lambda file: file.replace("-idx", ".idx")])
@pytest.mark.parametrize("inside", ["", "mnist"])
def test_a_folder(small, tmp_path, pack, spell, inside):
    write(tmp_path / "data" / inside, small, pack, spell)
    for split, name in (("train", "train"), ("test", "t10k")):
        digits = load_digits(split, tmp_path / "data")
        assert digits.images.tobytes() == small[f"{name}-images-idx3-ubyte"][16:]
        assert digits.labels.tobytes() == small[f"{name}-labels-idx1-ubyte"][8:]
        assert len(digits) == 20 and f"{split} split, 20 digits from the folder" in digits.source


def test_a_file_unpacked_under_its_packed_name(small, tmp_path):
    write(tmp_path / "data", small, pack=False, spell=lambda file: f"{file}.gz")
    assert len(load_digits("train", tmp_path / "data")) == 20


def damage(data, how):
    packed = gzip.compress(data)
    middle = len(packed) // 2
    return {
        "gzip cut short": packed[:middle],
        "gzip altered": packed[:middle] + bytes([packed[middle] ^ 255]) + packed[middle + 1 :],
        "gzip header alone": packed[:5],
        "no gzip": b"<html>404</html>",
        "empty": b"",
        "cut short": gzip.compress(data[:-1]),
        "altered": gzip.compress(data[:-1] + bytes([data[-1] ^ 1])),
    }[how]


DAMAGES = (
    "gzip cut short",
    "gzip altered",
    "gzip header alone",
    "no gzip",
    "empty",
    "cut short",
    "altered",
)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("file", FILES[:2])
@pytest.mark.parametrize("place", ["folder", "AIRSCENE_DATA", "cache"])
def test_damaged_files_are_never_passed_over(small, tmp_path, monkeypatch, how, file, place):
    folder = digits.MNIST.cache_folder() if place == "cache" else tmp_path / "data"
    write(folder, small)
    bad = folder / f"{file}.gz"
    bad.write_bytes(damage(small[file], how))
    if place == "AIRSCENE_DATA":
        monkeypatch.setenv("AIRSCENE_DATA", str(folder))
    with pytest.raises(InputError) as caught:
        load_digits("train", folder if place == "folder" else "auto")
    message = str(caught.value)
    assert str(bad) in message and f"MNIST's {file}" in message and "\n" not in message


def test_a_part_of_mnist(small, tmp_path, monkeypatch):
    folder = write(tmp_path / "data", {FILES[0]: small[FILES[0]]})
    monkeypatch.setenv("AIRSCENE_DATA", str(folder))
    for source in (folder, "auto"):
        with pytest.raises(InputError, match=f"only a part of MNIST: {FILES[1]}.gz"):
            load_digits("train", source)


def test_a_folder_that_must_hold_mnist(small, tmp_path):
    with pytest.raises(InputError, match="no MNIST in .*train-images-idx3-ubyte.gz"):
        load_digits("train", tmp_path / "nowhere")


def test_the_order_of_sources(small, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRSCENE_DATA", str(tmp_path / "data"))
    bundled = load_digits("test")
    assert "bundled subset of 2,000" in bundled.source
    assert "AIRSCENE_DATA names holds no MNIST; no mirror of MNIST could be" in bundled.source
    write(digits.MNIST.cache_folder(), small)
    cached = load_digits("test")
    assert "from the cache; the folder that AIRSCENE_DATA names holds no MNIST" in cached.source
    write(tmp_path / "data", small)
    named = load_digits("test")
    assert named.source.endswith("20 digits from the folder that AIRSCENE_DATA names")
    assert load_digits("test", "bundled").source.endswith("the bundled subset of 2,000")


def test_the_bundled_subset(small):
    for split, n in (("train", 10_000), ("test", 2_000)):
        digits = load_digits(split)
        assert digits.images.shape == (n, 28, 28) and digits.labels.shape == (n,)
        assert np.bincount(digits.labels, minlength=10).min() > 0.07 * n
        assert f"bundled subset of {n:,}; no mirror" in digits.source


@pytest.mark.skipif("AIRSCENE_DATA" not in os.environ, reason="needs the whole of MNIST")
def test_the_bundled_subset_is_of_mnist():
    for name, array in bundle.bundle(os.environ["AIRSCENE_DATA"]).items():
        split, kind = name.split("_")
        assert np.array_equal(getattr(load_digits(split, "bundled"), kind), array)


def packed(files):
    return {f"{file}.gz": gzip.compress(data) for file, data in files.items()}


def test_download_is_kept_in_the_cache(small, serve, monkeypatch):
    address, got = serve(packed(small))
    mirrors(monkeypatch, address)
    downloaded = load_digits("train")
    assert f"20 digits from {address} (kept in the cache)" in downloaded.source
    assert got == [f"{FILES[0]}.gz", f"{FILES[1]}.gz"]
    again = load_digits("train")
    assert "from the cache" in again.source and len(got) == 2
    assert np.array_equal(again.images, downloaded.images)


def test_an_interrupted_download_is_made_good(small, serve, monkeypatch):
    write(digits.MNIST.cache_folder(), {FILES[0]: small[FILES[0]]})
    address, _ = serve(packed(small))
    mirrors(monkeypatch, address)
    assert address in load_digits("train").source


def test_a_cache_that_cannot_be_written(small, serve, monkeypatch, tmp_path):
    (tmp_path / "cache").write_bytes(b"a file in the way")
    address, _ = serve(packed(small))
    mirrors(monkeypatch, address)
    assert "not kept, as the cache cannot be written" in load_digits("train").source


def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/"


@pytest.mark.parametrize("how", DAMAGES)
def test_a_mirror_with_damaged_files_is_passed_over(small, serve, monkeypatch, how):
    bad, _ = serve(packed(small) | {f"{FILES[1]}.gz": damage(small[FILES[1]], how)})
    good, _ = serve(packed(small))
    mirrors(monkeypatch, closed_port(), bad, good)
    assert good in load_digits("train").source
    kept = digits.MNIST.cache_folder() / f"{FILES[1]}.gz"
    assert gzip.decompress(kept.read_bytes()) == small[FILES[1]]


def test_no_good_mirror_leaves_the_bundled_subset(small, serve, monkeypatch):
    empty, _ = serve({})
    bad, _ = serve(dict.fromkeys(packed(small), b"<html>log in</html>"))
    mirrors(monkeypatch, empty, bad)
    assert "bundled subset" in load_digits("train").source
    assert not digits.MNIST.cache_folder().exists()


def test_without_a_network_one_short_wait(small, monkeypatch):
    silent = socket.create_server(("127.0.0.1", 0))  # Takes connections and never answers.
    address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
    mirrors(monkeypatch, closed_port(), address)
    monkeypatch.setattr(downloads, "ANSWER_SECONDS", 0.3)
    start = time.monotonic()
    assert "bundled subset" in load_digits("train").source
    waited = time.monotonic() - start
    assert 0.2 < waited < 2.0
    monkeypatch.setattr(downloads, "ANSWER_SECONDS", 60.0)
    start = time.monotonic()
    assert "bundled subset" in load_digits("test").source
    assert time.monotonic() - start < 2.0
    silent.close()
