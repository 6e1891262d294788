"""What the documents say is so: commands, names, links, and the version to cite."""

import importlib
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest

import airscene
from airscene.app.cli import parse

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Every line of a shell block, with the page that it is on."""
    found = []
    for page in PAGES:
        for block in blocks(page, "sh"):
            lines = block.replace("\\\n", " ").splitlines()
            found += [(page.name, line) for line in lines if line and not line.startswith("#")]
    return found


@pytest.mark.parametrize(("page", "line"), commands())
def test_commands_can_be_read(page, line):
    name, *arguments = shlex.split(line, comments=True)
    if name == "airscene":
        parse(arguments)
    elif name == "make":
        targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(arguments) <= set(targets)
    else:
        assert (name, arguments[0]) == ("pip", "install")
        extras = re.findall(r"\[(\w+)\]", arguments[1])
        assert set(extras) <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_are_there(page):
    names = re.findall(r"\bairscene(?:\.(?!md\b)[A-Za-z_]\w*)+", page.read_text())
    for name in sorted(set(names)):
        parts = name.split(".")
        found = airscene
        for i, part in enumerate(parts[1:], 2):
            if not hasattr(found, part):
                importlib.import_module(".".join(parts[:i]))
            found = getattr(found, part)


def test_the_reference_is_of_modules_that_are_there():
    package = Path(airscene.__file__).parent
    for page in (ROOT / "docs" / "api").glob("*.md"):
        for name in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE):
            place = package.joinpath(*name.split(".")[1:])
            assert place.with_suffix(".py").exists() or (place / "__init__.py").exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:|#", link):
            assert (page.parent / link.partition("#")[0]).exists(), link


def test_the_first_lines_of_python_do_what_they_say(tmp_path, monkeypatch):
    from airscene.images import load_digits, multi_mnist

    monkeypatch.chdir(tmp_path)
    truth = multi_mnist(load_digits("test", "bundled"), 3, seed=0)
    np.savez("scenes.npz", images=truth.images)
    said: dict = {}
    exec(blocks(ROOT / "README.md", "python")[0], said)
    assert len(said["scenes"]) == len(said["redrawn"]) == 3


def test_the_readme_and_the_documentation_cite_alike():
    version = airscene.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    entries = "\n".join(blocks(ROOT / "docs/cite.md", "bibtex"))
    assert f"version = {{{version}}}" in entries
    assert blocks(ROOT / "README.md", "bibtex") == [entries]
