"""MuJoCo's images: what is in them, that they do not depend on how they are drawn, bad files."""

import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.graphics import (
    ABSENT,
    SINGLE_OBJECT,
    TABLETOP,
    TABLETOP_CAMERA,
    LookSpread,
    MujocoRenderer,
    RenderPool,
    SceneBatch,
    Steps,
    World,
    sample_scenes,
)
from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.look import Look, draw_looks
from airscene.graphics.mujoco.mjcf import bounding_footprints, digest
from airscene.graphics.sample import apart
from airscene.graphics.step_curve import fine_images, fine_score, gradients, step_curve
from airscene.graphics.world import ASSETS

pytestmark = pytest.mark.usefixtures("opengl")


@pytest.fixture(scope="module")
def render():
    """A function that draws scenes of a world, with one renderer a world and grid of tiles."""
    made = {}

    def draw(world: World, scenes: SceneBatch, tiles: int | None = None) -> np.ndarray:
        if (world, tiles) not in made:
            made[world, tiles] = MujocoRenderer(world, tiles=tiles)
        return made[world, tiles].render(scenes)

    yield draw
    for renderer in made.values():
        renderer.close()


def alone(kind: int, *poses: tuple[float, float, float]) -> SceneBatch:
    """Scenes of one object of a type."""
    return SceneBatch.of(np.full((len(poses), 1), kind), np.array(poses)[:, None])


def difference(a, b):
    return np.abs(a.astype(float) - b).mean(axis=(-3, -2, -1))


def test_each_type_has_its_colour(render):
    images = render(SINGLE_OBJECT, SceneBatch.of(np.arange(-1, 3)[:, None], np.zeros((4, 1, 3))))
    empty, *objects = images.astype(float)
    cube, sphere, cylinder = (np.abs(image - empty).max(axis=2) > 8 for image in objects)
    assert min(cube.sum(), sphere.sum(), cylinder.sum()) > 300
    red, blue = objects[0][cube].mean(axis=0), objects[1][sphere].mean(axis=0)
    assert red[0] > 2 * max(red[1:]) and blue[2] > 2 * max(blue[:2])
    assert objects[2][cylinder].std(axis=0).max() > 40  # textured


def test_a_pose_is_where_it_says(render):
    # x to the right and y away, both to the edges of the region.
    empty = render(TABLETOP, alone(ABSENT, (0.0, 0.0, 0.0)))
    images = render(TABLETOP, alone(2, (-1, 0, 0.0), (1, 0, 0.0), (0, -1, 0.0), (0, 1, 0.0)))
    rows, columns = [], []
    for image in images:
        seen = np.abs(image.astype(float) - empty[0]).max(axis=2) > 8
        rows.append(np.nonzero(seen)[0].mean())
        columns.append(np.nonzero(seen)[1].mean())
    assert columns[0] < 40 < columns[2] < 88 < columns[1]
    assert rows[3] < 45 < rows[0] < 75 < rows[2]
    assert abs(columns[2] - 63.5) < 1.0 and abs(rows[0] - rows[1]) < 1.0


@pytest.mark.parametrize(
    ("world", "kind"), [(w, k) for w in (SINGLE_OBJECT, TABLETOP) for k in range(3)]
)
def test_rotations_look_as_the_symmetry_says(render, world, kind):
    turns = world.symmetry[kind]
    part = 2.0 * math.pi / turns if turns else 1.0
    images = render(world, alone(kind, *((0.1, 0.2, 0.3 + a) for a in (0.0, part, part / 2.0))))
    same, other = difference(images[1:], images[:1])
    if turns:
        assert same < 0.02 and other > 0.1
    else:
        assert max(same, other) < 0.15  # round, but for its corners


@pytest.mark.parametrize("world", [SINGLE_OBJECT, TABLETOP_CAMERA])
def test_nothing_is_outside_the_picture(render, world):
    edges = [-1.0, 0.0, 1.0]
    poses = np.array([(x, y, a) for x in edges for y in edges for a in np.arange(8) * math.pi / 4])
    for kind in range(3):
        for angle in {-world.orbit, 0.0, world.orbit}:
            camera = np.full((len(poses), 1), angle) if world.orbit else None
            types = np.full((len(poses), 1), kind)
            images = render(world, SceneBatch.of(types, poses[:, None], camera)).astype(float)
            empty = render(world, SceneBatch.of(types - 3, poses[:, None], camera)).astype(float)
            seen = np.abs(images - empty).max(axis=3) > 8
            inside = seen[:, 1:-1, 1:-1].sum(axis=(1, 2))
            assert inside.min() > 40
            assert (seen.sum(axis=(1, 2)) - inside).max() == 0


def test_images_do_not_depend_on_tiles_or_on_what_was_drawn_before(render):
    scenes = sample_scenes(TABLETOP_CAMERA, 23, seed=0, presence=0.7)
    one = render(TABLETOP_CAMERA, scenes, 1)
    assert np.array_equal(one, render(TABLETOP_CAMERA, scenes, 1))
    assert np.array_equal(one[::-1], render(TABLETOP_CAMERA, scenes[::-1], 1))
    assert difference(one, render(TABLETOP_CAMERA, scenes, 3)).max() < 0.01
    assert difference(one[1:], one[:-1]).min() > 0.5


def test_slots_of_one_type_are_the_same_object(render):
    poses = np.array([[(-0.6, 0.0, 0.5), (0.6, 0.2, 1.0), (0.0, -0.7, 2.0)]])
    one = SceneBatch.of(np.array([[0, 0, 2]]), poses)
    other = SceneBatch.of(np.array([[2, 0, 0]]), poses[:, [2, 0, 1]])
    assert difference(render(TABLETOP, one), render(TABLETOP, other))[0] == 0.0


def test_an_orbit_turns_everything(render):
    # The scene turned by the angle of the camera looks the same, but for lights and table.
    angle = 0.4
    cos, sin = math.cos(angle), math.sin(angle)
    here = (0.3, -0.4, 1.0)
    turned = (cos * 0.3 + sin * 0.4, sin * 0.3 - cos * 0.4, 1.0 + angle)
    batch = alone(0, here, turned)
    images = render(
        TABLETOP_CAMERA, SceneBatch.of(batch.types, batch.poses, np.array([[0.0], [angle]]))
    )
    red = images[..., 0] > np.maximum(2.0 * images[..., 1], 40.0)  # the table is brown
    assert red[0].sum() > 100 and (red[0] != red[1]).sum() < 0.1 * red[0].sum()


def test_looks_change_the_image_and_go_away_again(render):
    scenes = sample_scenes(TABLETOP, 6, seed=3, presence=1.0)
    plain = render(TABLETOP, scenes)
    rng = np.random.default_rng(0)
    for spread in (
        LookSpread(size=0.3, colour=0.0),
        LookSpread(size=0.0, colour=0.5),
        LookSpread(0.0, 0.0, light_turn=1.0),
        LookSpread(0.0, 0.0, brightness=0.5),
        LookSpread(0.0, 0.0, table_colour=0.5),
        LookSpread(0.0, 0.0, tables=(1, 2, 3)),
    ):
        look = draw_looks(6, 3, spread, rng).pack()
        dressed = render(TABLETOP, replace(scenes, look=look))
        assert difference(dressed, plain).mean() > 0.05, spread
        assert np.array_equal(render(TABLETOP, scenes), plain)
    nothing = Look.unpack(np.zeros((6, 18))).pack()
    assert np.array_equal(render(TABLETOP, replace(scenes, look=nothing)), plain)


def test_in_the_pool(render):
    scenes = sample_scenes(TABLETOP, 40, seed=4)
    with RenderPool(partial(MujocoRenderer, TABLETOP), workers=1) as pool:
        assert np.array_equal(pool.render(scenes), render(TABLETOP, scenes))


def test_the_curve_of_the_gradient_against_the_step(render):
    # Coarse, in seconds: tiny steps are lost in 8 bits, and the default ones are not.
    truth = sample_scenes(TABLETOP_CAMERA, 5, seed=5, presence=1.0)
    rng = np.random.default_rng(0)
    near = SceneBatch.of(
        truth.types,
        truth.poses + rng.normal(size=(5, 3, 3)) * (0.15, 0.15, 0.3),
        truth.camera + 0.05,
    )
    fine = MujocoRenderer(replace(TABLETOP_CAMERA, image_size=(384, 384)))
    score = fine_score(fine, fine_images(fine, truth, 3), 3, blur=4.0, sigma=0.1)
    reference = gradients(score, near, Steps(0.01, 0.02, 0.01), central=True)
    fine.close()

    basis = blur_basis(128, 4.0)
    targets = blurred(render(TABLETOP_CAMERA, truth), basis, basis)

    def coarse(scenes, which):
        drawn = blurred(render(TABLETOP_CAMERA, scenes), basis, basis)
        return log_likelihoods(drawn, targets, which, 0.1, 1)

    curve = step_curve(coarse, reference, near, [1e-4, *Steps()])
    assert curve.position[0] < 0.8 < 0.97 < curve.position[1]
    assert curve.rotation[0] + 0.2 < curve.rotation[2]
    assert curve.camera[0] < 0.9 < 0.97 < curve.camera[3]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"mjcf": "/nowhere/room.xml"}, "cannot read /nowhere/room.xml: No such file"),
        ({"types": ("cup", "fork")}, "no body 'fork'; it has cup, pan, plate"),
        ({"camera": "above"}, "no camera 'above'; it has fixed, orbit"),
        ({"tables": ("desk",)}, "no geom 'desk'; it has table"),
        ({"tables": ("table", "marble")}, "no material 'marble'; it has table, slate"),
    ],
)
def test_a_world_with_names_that_are_not_in_the_file(changes, line):
    world = replace(TABLETOP, **{"symmetry": (), "footprints": (), **changes})
    with pytest.raises(InputError, match=line) as caught:
        MujocoRenderer(world)
    assert "\n" not in str(caught.value)


ROOM = """<mujoco><!-- names -- what is drawn -->
  <compiler meshdir='parts'/><include file="lights.xml"/>
  <asset><mesh name="box" file="box.obj"/></asset>
  <worldbody><camera name="eye" pos="0 0 3"/>
    <body name="box"><geom type="mesh" mesh="box"/></body><body name="nothing"/></worldbody>
</mujoco>"""
BOX = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def room(folder):
    """A file that includes another, and names a mesh in a folder of its own."""
    (folder / "parts").mkdir()
    (folder / "parts" / "box.obj").write_text(BOX)
    (folder / "lights.xml").write_text(
        '<mujoco><worldbody><light pos="0 0 3"/></worldbody></mujoco>'
    )
    (folder / "room.xml").write_text(ROOM)
    return World(str(folder / "room.xml"), ("box", "nothing"), "eye", 2)


@pytest.mark.parametrize("file", ["room.xml", "lights.xml", "parts/box.obj"])
def test_a_file_that_has_changed_since(tmp_path, file):
    world = room(tmp_path)
    world = replace(world, types=("box",), digest=digest(world.mjcf))
    MujocoRenderer(world).close()
    path = tmp_path / file
    path.write_text(path.read_text().replace("0 0 3", "0 0 4").replace("v 0 0 1", "v 0 0 2"))
    with pytest.raises(InputError, match="room.xml, or a file that it names, has changed since"):
        MujocoRenderer(world)


def test_a_type_that_nothing_is_drawn_of_is_in_nothings_way(tmp_path):
    world = room(tmp_path)
    box, nothing = bounding_footprints(world)
    assert len(box) == 1 and nothing == ()
    for footprints in ((box, nothing), (nothing, nothing)):
        scenes = SceneBatch.of(np.array([[1, 1], [0, 1]]), np.zeros((2, 2, 3)))
        some = replace(world, footprints=footprints)
        assert apart(some, scenes.types, scenes.poses).all()


@pytest.mark.parametrize("text", ["<mujoco><table/></mujoco>", "not XML", ""])
def test_a_file_that_does_not_parse(tmp_path, text):
    (tmp_path / "room.xml").write_text(text)
    with pytest.raises(InputError, match="room.xml: not an MJCF file that MuJoCo takes: "):
        MujocoRenderer(replace(TABLETOP, mjcf=str(tmp_path / "room.xml")))


def test_any_file(tmp_path):
    # Objects of several geoms, one in a child body, raised, and turned in the file.
    (tmp_path / "room.xml").write_text("""
        <mujoco><worldbody>
          <light pos="0 0 3"/><camera name="eye" pos="0 0 3"/>
          <geom type="plane" size="2 2 .1" rgba=".2 .2 .2 1"/>
          <body name="lamp" pos="9 9 .1" euler="0 0 30">
            <geom type="box" size=".2 .1 .1" rgba="1 0 0 1"/>
            <site pos="0 0 -1" size=".01"/>
            <body pos=".3 0 0"><geom type="sphere" size=".1" rgba="0 1 0 1"/></body>
          </body>
          <body name="box" pos="5 5 .1">
            <joint type="free"/><geom type="box" size=".2 .2 .1"/>
          </body>
        </worldbody></mujoco>""")
    world = World(
        str(tmp_path / "room.xml"), ("lamp", "box"), "eye", 2, half_size=(0.8, 0.8),
        image_size=(60, 80),
    )  # fmt: skip
    renderer = MujocoRenderer(world)
    images = renderer.render(alone(0, (0, 0, -math.pi / 6), (0.5, 0, math.pi / 3)))
    assert images.shape == (2, 60, 80, 3)
    for image, centre, towards in zip(
        images, ((40, 30), (49.7, 30)), ((1, 0), (0, -1)), strict=True
    ):
        red, green = (
            np.argwhere(image[..., k] > 1.5 * image[..., 1 - k]).mean(axis=0)[::-1] for k in (0, 1)
        )
        assert np.abs(red - centre).max() < 2.0
        offset = (green - red) / np.linalg.norm(green - red)
        assert offset @ towards > 0.98
    renderer.close()
    lamp, box = bounding_footprints(world)
    ball = 0.3 * np.array((math.cos(math.pi / 6), math.sin(math.pi / 6)))
    site = math.hypot(0.01, 0.005, 0.005)
    np.testing.assert_allclose(lamp, [(0, 0, 0.06**0.5), (*ball, 0.1), (0, 0, site)], atol=1e-6)
    np.testing.assert_allclose(box, [(0, 0, 0.3)], atol=1e-6)


@pytest.mark.parametrize(
    ("scenes", "line"),
    [
        (SceneBatch.of(np.zeros((1, 4), int), np.zeros((1, 4, 3))), "scenes of 4 slots"),
        (SceneBatch.of(np.full((1, 1), 3), np.zeros((1, 1, 3))), "types up to 3"),
        (
            SceneBatch.of(np.zeros((1, 1), int), np.zeros((1, 1, 3)), np.zeros((1, 1))),
            "scenes with 1 camera and 0 look numbers",
        ),
    ],
)
def test_scenes_of_another_world(render, scenes, line):
    with pytest.raises(InputError, match=line):
        render(TABLETOP, scenes)


def test_a_table_that_there_is_not(render):
    look = draw_looks(1, 1, LookSpread(tables=(4,)), np.random.default_rng(0)).pack()
    with pytest.raises(InputError, match="a look's table should be from 0 to 3"):
        render(TABLETOP, replace(alone(0, (0.0, 0.0, 0.0)), look=look))


def test_a_body_that_is_not_seen(tmp_path):
    (tmp_path / "room.xml").write_text(
        '<mujoco><worldbody><camera name="eye"/><body name="ghost"/></worldbody></mujoco>'
    )
    with pytest.raises(InputError, match="the body 'ghost' has no geom that is visible"):
        MujocoRenderer(World(str(tmp_path / "room.xml"), ("ghost",), "eye"))


def test_a_closed_renderer():
    renderer = MujocoRenderer(SINGLE_OBJECT)
    renderer.close()
    renderer.close()
    with pytest.raises(InputError, match="the renderer is closed"):
        renderer.render(alone(0, (0.0, 0.0, 0.0)))


def test_renderers_of_two_threads_take_turns():
    worlds, rng = (SINGLE_OBJECT, TABLETOP), np.random.default_rng(0)
    scenes = [sample_scenes(world, 12, seed=int(rng.integers(100))) for world in worlds]

    def drawn(i: int) -> list[np.ndarray]:
        renderer = MujocoRenderer(worlds[i])
        images = [renderer.render(scenes[i][j : j + 3]) for _ in range(4) for j in range(0, 12, 3)]
        renderer.close()
        return images

    alone_ = [drawn(0), drawn(1)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(drawn, (0, 1, 0, 1)))
    for i, images in enumerate(together):
        np.testing.assert_array_equal(images, alone_[i % 2])


def test_one_renderer_is_used_by_threads_at_once():
    scenes = [sample_scenes(TABLETOP, 6, seed=seed) for seed in range(4)]
    renderer = MujocoRenderer(TABLETOP)
    alone_ = [renderer.render(some) for some in scenes]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(renderer.render, scenes * 4))
    renderer.close()
    for images, expected in zip(together, alone_ * 4, strict=True):
        np.testing.assert_array_equal(images, expected)


def test_a_renderer_of_another_thread_and_one_freed_between():
    scenes = sample_scenes(SINGLE_OBJECT, 3, seed=1)
    with ThreadPoolExecutor(1) as thread:
        theirs = thread.submit(MujocoRenderer, SINGLE_OBJECT).result()
        first = thread.submit(theirs.render, scenes).result()
    MujocoRenderer(TABLETOP).close()
    np.testing.assert_array_equal(theirs.render(scenes), first)
    theirs.close()


CHOOSE = """
import sys
from airscene.graphics.mujoco import context
from airscene.errors import InputError
context._PROBE = f"import sys\\nif sys.argv[1] in {sys.argv[1:]}: sys.exit(1)\\n" + context._PROBE
try:
    print(context._find_backend())
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("broken", "line"), [(["egl"], "osmesa"), (["egl", "osmesa"], "apt-get install libosmesa6")]
)
def test_what_does_not_work_is_not_chosen(broken, line):
    # The probes run and fail, as they would without the library.
    environment = {**os.environ, "PYTHONPATH": str(ASSETS.parents[3])}
    environment.pop("MUJOCO_GL", None)
    done = subprocess.run(
        [sys.executable, "-c", CHOOSE, *broken], env=environment, capture_output=True, text=True
    )
    assert line in done.stdout, done.stderr


def test_without_mujoco(tmp_path):
    program = """
import sys
import importlib.util
from airscene.errors import InputError
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "mujoco" else found(name, *rest)
from airscene.graphics import SINGLE_OBJECT, MujocoRenderer
try:
    MujocoRenderer(SINGLE_OBJECT)
except InputError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(ASSETS).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "MuJoCo is not installed: pip install 'airscene[3d]'"
