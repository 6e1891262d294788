"""Makes the files in assets: crockery and a cylinder as meshes, and the cylinder's texture.

`python -m airscene.graphics.mujoco.make_assets` writes them anew.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from airscene.files import write_atomic

# Corners of a turn. More of them look rounder, and each costs time in every image.
AROUND = 18

# (radius, height) in metres, from the table, over the rim, to the axis: walls have two sides, as
# only front faces are drawn, and there is none below, which is never seen.
_CUP = ((0.048, 0.0), (0.064, 0.07), (0.068, 0.14), (0.06, 0.14), (0.05, 0.03), (0.0, 0.03))
_PAN = ((0.092, 0.0), (0.115, 0.055), (0.107, 0.055), (0.087, 0.013), (0.0, 0.013))
_PLATE = ((0.08, 0.0), (0.135, 0.03), (0.135, 0.036), (0.08, 0.011), (0.0, 0.011))
_CYLINDER = ((0.12, 0.0), (0.12, 0.2), (0.0, 0.2))


class Mesh(NamedTuple):
    """A surface of triangles.

    Args:
        vertices: corners, in metres; the object stands on z = 0, its axis on x = y = 0.
        faces: three corners each, counter-clockwise seen from outside.
    """

    vertices: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]


def make_meshes() -> dict[str, Mesh]:
    """The meshes `cup`, `pan`, `plate` and `cylinder`.

    The cup and the pan have handles, towards +x, so that their rotation shows; the plate looks the
    same from all sides.

    Source: Eslami et al. 2016, appendix I.2, which names the objects; their shapes are ours.
    """
    angles = np.linspace(-1.0, 1.0, 6) * 1.4
    arc = np.stack([0.047 + 0.06 * np.cos(angles), 0.08 + 0.046 * np.sin(angles)], axis=1)
    straight = np.array([[0.105, 0.047], [0.165, 0.055], [0.23, 0.055]])
    return {
        "cup": _join(_turn(_CUP), _tube(arc, width=0.014, height=0.01)),
        "pan": _join(_turn(_PAN), _tube(straight, width=0.018, height=0.009)),
        "plate": _turn(_PLATE),
        "cylinder": _turn(_CYLINDER),
    }


def to_obj(mesh: Mesh) -> bytes:
    """A mesh as a Wavefront OBJ file, its texture seen from above over all of its width."""
    lines = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in mesh.vertices]
    across = mesh.vertices[:, :2] / np.abs(mesh.vertices[:, :2]).max() * 0.5 + 0.5
    lines += [f"vt {u:.4f} {v:.4f}" for u, v in across]
    lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in mesh.faces + 1]
    return ("\n".join(lines) + "\n").encode()


def _turn(profile: tuple[tuple[float, float], ...]) -> Mesh:
    """A surface of revolution about z of a profile.

    Bands share no corners, so that the edges between them are sharp.
    """
    turns = np.arange(AROUND) * (2.0 * np.pi / AROUND)
    circle = np.stack([np.cos(turns), np.sin(turns), np.zeros(AROUND)], axis=1)
    points = [r * circle + [0.0, 0.0, z] if r else np.array([[0.0, 0.0, z]]) for r, z in profile]
    return _join(*map(_band, points[:-1], points[1:]))


def _band(below: np.ndarray, above: np.ndarray) -> Mesh:
    """Triangles between two rings of points, one of which may be a single point."""
    k = max(len(below), len(above))
    here, following = np.arange(k), np.roll(np.arange(k), -1)
    a, b = here % len(below), following % len(below)
    c, d = len(below) + here % len(above), len(below) + following % len(above)
    faces = []
    if len(below) > 1:
        faces.append(np.stack([a, b, c], axis=1))
    if len(above) > 1:
        faces.append(np.stack([b, d, c], axis=1))
    return Mesh(np.concatenate([below, above]), np.concatenate(faces))


def _tube(path: Float[np.ndarray, "points 2"], width: float, height: float) -> Mesh:
    """A bar of rectangular section along a path in the plane y = 0, closed at both ends."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    up = np.stack([-along[:, 1], along[:, 0]], axis=1) * height
    corners = [(-1, 1), (-1, -1), (1, -1), (1, 1)]  # (across, up), against the clock from behind
    rings = np.stack([np.insert(path + u * up, 1, a * width, axis=1) for a, u in corners], axis=1)
    ends = rings[0].mean(axis=0, keepdims=True), rings[-1].mean(axis=0, keepdims=True)
    return _join(*map(_band, [ends[0], *rings], [*rings, ends[1]]))


def _join(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + at for mesh, at in zip(meshes, starts, strict=True)]),
    )


def sectors(size: int = 64) -> bytes:
    """The texture of the cylinder from above, as PNG: half green, a quarter yellow, one dark.

    No two rotations of it look the same.
    """
    x, y = np.meshgrid(*[np.arange(size) + 0.5 - size / 2.0] * 2)
    angle = np.arctan2(y, x)
    colours = np.array([[60, 160, 75], [240, 205, 70], [60, 35, 90]], np.uint8)
    pixels = colours[np.where(angle < 0.0, 0, np.where(angle < np.pi / 2.0, 1, 2))]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def make_assets() -> dict[str, bytes]:
    """The files by their names."""
    meshes = {f"{name}.obj": to_obj(mesh) for name, mesh in make_meshes().items()}
    return {**meshes, "sectors.png": sectors()}


if __name__ == "__main__":
    for name, data in make_assets().items():
        write_atomic(Path(__file__).parent / "assets" / name, data)
