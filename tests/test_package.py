"""The package as people get it: built, installed into an empty folder, and tested there."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src"
# What the program reads while it runs, and the licence of the digits.
HELD = (
    "py.typed",
    "graphics/mujoco/assets/tabletop.xml",
    "images/sets/bundled/LICENSE-MNIST.txt",
    "images/sets/bundled/mnist-12000.npz",
    "weights/multi-mnist.safetensors",
)
# Of each kind something quick: no other test may need the sources beside the installed package.
QUICK = ["images", "scene", "model/test_pose.py", "test_files.py", "app/test_bad_images.py"]


def run(*command: str | Path, cwd: Path) -> str:
    """What a command says, without the paths of this process."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def build(kind: str, folder: Path, out: Path) -> Path:
    """The file that the build backend makes of a folder."""
    code = f"import flit_core.buildapi as b, sys; print(b.build_{kind}(sys.argv[1]))"
    return out / run(sys.executable, "-c", code, out, cwd=folder).split()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The archive of the sources."""
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    """The folder that the archive of the sources unpacks to."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(unpacked, tmp_path_factory):
    """The wheel, built from the archive and not from the repository."""
    return build("wheel", unpacked, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """An environment that has the wheel, and the dependencies that this one has."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", code, cwd=folder).strip())
    # Its own .pth files are not read in turn, so an editable airscene there is not found.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_the_wheel_has_what_the_program_needs_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    package = {
        str(path.relative_to(SOURCES))
        for path in (SOURCES / "airscene").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    about = {name for name in held if ".dist-info/" in name}
    assert held - about == package
    assert {f"airscene/{name}" for name in HELD} <= held
    assert any(name.endswith("licenses/LICENSE") for name in about)
    # Eight models of 2 to 3 MB each, and the digits.
    assert wheel.stat().st_size < 40e6


def test_the_archive_has_what_its_tests_and_documents_need(sdist):
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    needed = {
        *("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"),
        *("REPRODUCTION.md", "mkdocs.yml", "pyproject.toml", "requirements.txt"),
        *("docs/index.md", "examples/own_renderer.py", "results/bench.json", "tests/conftest.py"),
    }
    assert needed <= held
    assert sdist.stat().st_size < 60e6


def test_its_requirements_are_met_by_what_is_installed_here(python, tmp_path):
    code = (
        "from importlib.metadata import requires, version; from packaging.requirements import "
        "Requirement as R; print([str(r) for r in map(R, requires('airscene')) "
        "if not r.marker and version(r.name) not in r.specifier])"
    )
    assert run(python, "-c", code, cwd=tmp_path).strip() == "[]"


def test_it_works_from_an_empty_folder(python, tmp_path):
    found = run(python, "-c", "import airscene; print(airscene.__file__)", cwd=tmp_path)
    assert Path(found.strip()).is_relative_to(python.parents[1])
    airscene = python.with_name("airscene")
    assert "multi-mnist-dair" in run(airscene, "models", cwd=tmp_path)
    scenes = ("--n", "20", "--digits", "bundled", "--out", "scenes.npz")
    run(airscene, "data", "multi-mnist", *scenes, cwd=tmp_path)
    run(airscene, "infer", "multi-mnist", "scenes.npz", "--out", "scenes.json", cwd=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"scenes.npz", "scenes.json"}


def test_its_quick_tests_pass_where_the_sources_are_not(python, unpacked, tmp_path):
    (tmp_path / "pyproject.toml").write_bytes((unpacked / "pyproject.toml").read_bytes())
    (tmp_path / "tests").symlink_to(unpacked / "tests")
    quick = [f"tests/{name}" for name in QUICK]
    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *quick, cwd=tmp_path)
    assert " passed" in said and " failed" not in said
