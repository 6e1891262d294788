"""Sampled scenes against their definition; tolerances are five standard errors."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.graphics import (
    SINGLE_OBJECT,
    TABLETOP,
    TABLETOP_CAMERA,
    LookSpread,
    SceneBatch,
    sample_scenes,
    shrink,
)
from airscene.graphics.look import Look
from airscene.graphics.mujoco.make_assets import make_assets, make_meshes
from airscene.graphics.sample import apart
from airscene.graphics.world import ASSETS, World

N = 4000


def test_the_distribution():
    scenes = sample_scenes(TABLETOP_CAMERA, N, seed=0, presence=0.5)
    counts = scenes.present.sum(axis=1)
    shares = np.bincount(counts, minlength=4) / N
    binomial = np.array([1, 3, 3, 1]) / 8
    assert (np.abs(shares - binomial) < 5 * np.sqrt(binomial * (1 - binomial) / N)).all()
    assert np.array_equal(scenes.present, np.arange(3) < counts[:, None])
    kinds = np.bincount(scenes.types[scenes.present]) / scenes.present.sum()
    assert (np.abs(kinds - 1 / 3) < 5 * np.sqrt(2 / 9 / scenes.present.sum())).all()
    places = scenes.poses[scenes.present]
    assert np.abs(places[:, :2]).max() <= 1.0 and np.abs(places[:, 2]).max() <= math.pi
    assert np.abs(np.exp(1j * places[:, 2]).mean()) < 5 / math.sqrt(len(places))
    assert 0.95 < np.abs(scenes.camera).max() / math.radians(40.0) <= 1.0
    assert (np.sort(scenes.types[counts == 3]) == scenes.types[counts == 3].max(1)[:, None]).any()


def test_without_repeats():
    types = sample_scenes(TABLETOP, 500, seed=1, repeats=False, presence=0.9).types
    for kind in range(3):
        assert ((types == kind).sum(axis=1) <= 1).all() and (types == kind).any(axis=0).all()
    with pytest.raises(InputError, match="without repeats need as many types"):
        sample_scenes(replace(TABLETOP, n_slots=4), 1, seed=0, repeats=False)


@pytest.mark.parametrize("world", [SINGLE_OBJECT, TABLETOP_CAMERA])
@pytest.mark.parametrize("look", [None, LookSpread(tables=(0, 2))])
def test_the_same_seed_gives_the_same_scenes(world, look):
    one, same, other = (sample_scenes(world, 20, seed=s, look=look) for s in ((5, 1), (5, 1), 5))
    for name in ("types", "poses", "camera", "look"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
    assert not np.array_equal(one.poses, other.poses)


def test_objects_do_not_run_into_each_other():
    meshes = make_meshes()
    scenes = sample_scenes(TABLETOP, 60, seed=2, presence=1.0, look=LookSpread(size=0.1))
    sizes = np.exp(Look.unpack(scenes.look).size)
    assert apart(TABLETOP, scenes.types, scenes.poses, sizes).all()
    for types, poses, size in zip(scenes.types, scenes.poses, sizes, strict=True):
        seen = [
            _from_above(meshes[TABLETOP.types[kind]].vertices * factor, pose)
            for kind, pose, factor in zip(types, poses, size, strict=True)
        ]
        for a in range(3):
            for b in range(a):
                gaps = np.linalg.norm(seen[a][:, None] - seen[b], axis=2)
                assert gaps.min() > 0.002


def _from_above(vertices, pose):
    cos, sin = np.cos(pose[2]), np.sin(pose[2])
    turned = vertices[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    return turned + pose[:2] * TABLETOP.half_size


@pytest.mark.parametrize("kind", range(3))
def test_footprints_cover_the_meshes(kind):
    vertices = make_meshes()[TABLETOP.types[kind]].vertices[:, :2]
    circles = np.array(TABLETOP.footprints[kind])
    gaps = np.linalg.norm(vertices[:, None] - circles[:, :2], axis=2) - circles[:, 2]
    assert gaps.min(axis=1).max() < 1e-9


def test_the_assets_are_those_that_the_program_makes():
    for name, data in make_assets().items():
        if name.endswith(".obj"):  # PNG may be compressed otherwise by another version
            assert (ASSETS / name).read_bytes() == data


@pytest.mark.parametrize("name", ["cup", "pan", "plate", "cylinder"])
def test_meshes_are_closed_but_below(name):
    # The signed volume under the faces, each over its shadow on the table: positive if they face
    # outwards. Every edge that is not on the table is shared by two faces.
    vertices, faces = make_meshes()[name]
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    volume = (np.cross(a, b) * c).sum() / 6.0
    assert volume > 0.0
    rounded = np.round(vertices, 9)
    edges = {}
    for face in faces:
        for k in range(3):
            ends = sorted(tuple(rounded[face[i]].tolist()) for i in (k, (k + 1) % 3))
            edges[tuple(ends)] = edges.get(tuple(ends), 0) + 1
    once = [ends for ends, times in edges.items() if times != 2]
    assert all(point[2] == 0.0 for ends in once for point in ends)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(0, 5), st.integers(1, 4))
def test_looks_pack(seed, n, slots):
    from airscene.graphics import draw_looks

    spread = LookSpread(0.1, 0.2, 0.3, 0.4, 0.5, tables=(0, 2, 3))
    look = draw_looks(n, slots, spread, np.random.default_rng(seed))
    again = Look.unpack(look.pack())
    for one, other in zip(look, again, strict=True):
        assert np.array_equal(one, other)
    assert look.pack().shape == (n, 6 + 4 * slots)


def test_objects_that_do_not_fit():
    crowded = replace(TABLETOP, half_size=(0.05, 0.05))
    with pytest.raises(InputError, match="do not fit in the region"):
        sample_scenes(crowded, 5, seed=0, presence=1.0)
    with pytest.raises(InputError, match="presence 1.5"):
        sample_scenes(TABLETOP, 5, seed=0, presence=1.5)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"types": ()}, "0 types"),
        ({"symmetry": (1,)}, "symmetry has 1 entries for 3 types"),
        ({"orbit": -1.0}, "orbit is -1.0"),
        ({"half_size": (0.0, 1.0)}, "above 0"),
        ({"half_size": (float("nan"), 1.0)}, "above 0"),
        ({"half_size": (float("inf"), 1.0)}, "above 0"),
        ({"centre": (0.0, float("nan"))}, "centre is .* two numbers"),
        ({"types": ("cup", "cup", "pan")}, "each should be another"),
        ({"symmetry": (1, -2, 0)}, "give 0 or more"),
    ],
)
def test_worlds_that_make_no_sense(changes, line):
    with pytest.raises(InputError, match=line):
        World(**{**vars(TABLETOP), **changes})


@pytest.mark.parametrize(
    ("types", "poses", "camera", "line"),
    [
        ((2, 3), (2, 2, 3), (2, 0), r"types has the shape \(2, 3\)"),
        ((2, 3), (2, 3, 3), (3, 1), r"camera has the shape \(3, 1\); it should be \[2, numbers\]"),
    ],
)
def test_scenes_of_shapes_that_do_not_fit(types, poses, camera, line):
    # Not through the annotations, which say the same to whoever checks them.
    of = getattr(SceneBatch.of, "__wrapped__", SceneBatch.of.__func__)
    of = getattr(of, "__wrapped__", of)
    with pytest.raises(InputError, match=line):
        of(SceneBatch, np.zeros(types, int), np.zeros(poses), np.zeros(camera))


def test_poses_that_are_not_finite():
    poses = np.zeros((3, 2, 3))
    poses[1, 1, 0] = np.nan
    types = np.array([[0, 0], [0, -1], [0, 0]])
    SceneBatch.of(types, poses)  # an absent object's pose means nothing
    with pytest.raises(InputError, match="scene 1: a pose"):
        SceneBatch.of(np.zeros((3, 2), int), poses)


def test_shrink():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 16, 24, 3)).astype(np.uint8)
    small = shrink(images)
    exact = images.reshape(3, 4, 4, 6, 4, 3).mean(axis=(2, 4))
    assert small.shape == (3, 4, 6, 3) and np.abs(small - exact).max() <= 0.5
    with pytest.raises(InputError, match="do not shrink by a factor of 5"):
        shrink(images, 5)
