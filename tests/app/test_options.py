"""Options are made of configurations: a field with a line of help is an option."""

import dataclasses
import os
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from airscene.app import cli
from airscene.app.cli import main, parse
from airscene.app.options import config_of, options_of, present_spelling
from airscene.errors import InputError
from airscene.schema import NO_OPTION
from airscene.training.config import TrainConfig


def help_of(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit):
        parse([*arguments, "--help"])
    return capsys.readouterr().out


def test_options_and_configurations_are_the_same():
    config = TrainConfig(steps=7)
    options = options_of(config)
    assert options.steps == 7 and isinstance(options, TrainConfig)
    assert config_of(options) == config and type(config_of(options)) is TrainConfig


def test_what_is_no_option_or_does_nothing_is_not_in_the_help(capsys):
    shown = help_of(capsys, "train", "small-images")
    assert "--images" in shown and "--object-size" in shown
    for name in ("--digits", "--omniglot", "--counts", "--n-train", "--image-shape", "--kind"):
        assert name not in shown
    assert "--digits" in help_of(capsys, "train", "multi-mnist")
    assert "--images" not in help_of(capsys, "train", "sprites")


@dataclass(frozen=True)
class Longer(TrainConfig):
    """How AIR is trained, and one thing more.

    Args:
        brand_new: A new thing, from 0 to 1.
        hidden: Follows from the rest.
    """

    brand_new: float = 0.5
    hidden: int = field(default=3, metadata=NO_OPTION)


def test_a_field_and_a_line_of_help_are_an_option(capsys):
    @dataclass(frozen=True)
    class Command:
        """A command.

        Args:
            training: The training.
        """

        training: TrainConfig = dataclasses.field(default_factory=lambda: options_of(Longer()))

    with pytest.raises(SystemExit):
        cli.tyro.cli(Command, args=["--help"], config=(cli.tyro.conf.OmitArgPrefixes,))
    shown = capsys.readouterr().out
    assert "--brand-new FLOAT" in shown and "A new thing, from 0 to 1." in shown
    assert "--hidden" not in shown


def test_old_spellings_are_taken_and_said(capsys):
    arguments = [
        "train",
        "small-images",
        "--price",
        "0.1",
        "--n-look=9",
        "--explained",
        "1",
        "x--price",
    ]
    found, said = present_spelling(arguments)
    assert found == [
        "train", "small-images", "--count-penalty", "0.1", "--n-features=9",
        "--explained-share", "1", "x--price",
    ]  # fmt: skip
    assert said[0].startswith("--price is called --count-penalty now") and len(said) == 3
    command = parse(["train", "small-images", "--price", "0.25"])
    assert command.run_.training.count_penalty == 0.25
    assert "--price is called --count-penalty now" in capsys.readouterr().err
    with pytest.raises(InputError, match="count-penalty is -1"):
        parse(["train", "small-images", "--price", "-1"])


def test_a_command_imports_no_other():
    program = (
        "import sys; from airscene.app.cli import parse; parse(['models']); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    names = done.stdout.split()
    assert "airscene.app.models" in names and "airscene.app.infer" not in names


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /dev/full")
def test_standard_output_that_cannot_be_written():
    command = [sys.executable, "-m", "airscene.app.cli", "models"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("airscene: cannot write to standard output")


def test_a_platform_that_is_not_there(tmp_path):
    command = [sys.executable, "-m", "airscene.app.cli", "sample", "multi-mnist", "--n", "1"]
    environment = {**os.environ, "JAX_PLATFORMS": "abacus"}
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "x.png")],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("airscene: JAX_PLATFORMS is 'abacus'")


def test_a_failure_that_is_not_of_the_platform_is_raised(monkeypatch):
    def load(_):
        raise RuntimeError("our own fault")

    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setattr("airscene.inference.load", load)
    with pytest.raises(RuntimeError, match="our own"):
        main(["models"])
