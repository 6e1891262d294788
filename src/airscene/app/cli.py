"""`airscene`: reads the command, runs it, and turns what goes wrong into one line."""

import io
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import reduce
from importlib import import_module
from operator import or_
from typing import Any

import tyro
from rich.console import Console

from airscene.app.options import present_spelling
from airscene.compiled import heal, keep_compiled
from airscene.errors import INTERRUPTED, InputError, InputWarning

BAD_INPUT = 2

# Each is a class of its name, in a file of its name.
COMMANDS = (
    "train",
    "images",
    "infer",
    "render",
    "evaluate",
    "sample",
    "reproduce",
    "models",
    "data",
)

ABOUT = """Scene understanding without labels: counts, locates, describes and redraws objects.

`airscene COMMAND --help` gives an example of each command."""


def _command(name: str) -> Any:
    """Import a command: to import all takes half a second, and one far less."""
    return getattr(import_module(f"airscene.app.{name}"), name.capitalize())


def parse(arguments: Sequence[str]) -> Any:
    """Read a command line.

    Args:
        arguments: What follows `airscene`.

    Returns:
        The command, with its options.

    Raises:
        InputError: If it cannot be read; in one line, where tyro draws a box.
        SystemExit: If help was asked for and given.
    """
    said = io.StringIO()
    arguments, renamed = present_spelling(arguments)
    for line in renamed:
        print(f"airscene: {line}", file=sys.stderr)
    config = (tyro.conf.OmitSubcommandPrefixes, tyro.conf.OmitArgPrefixes)
    known = arguments[0] if arguments and arguments[0] in COMMANDS else None
    try:
        with redirect_stderr(said):
            if known:
                command, prog = _command(known), f"airscene {known}"
                return tyro.cli(command, prog=prog, args=arguments[1:], config=config)
            every: Any = reduce(or_, map(_command, COMMANDS))
            return tyro.cli(
                every, prog="airscene", description=ABOUT, args=arguments, config=config
            )
    except SystemExit as stop:
        if stop.code == 0:
            raise
        if known == "train":
            from airscene.app.train import unused_option

            if line := unused_option(arguments[1:]):
                raise InputError(line) from None
        see = " ".join(["airscene", *([known] if known else []), "--help"])
        raise InputError(f"{_in_one_line(said.getvalue())}; see {see}") from None


def _in_one_line(box: str) -> str:
    """What a box of tyro's says, without its title, its frame and its pointer to the help."""
    parts: list[list[str]] = [[]]
    for line in box.splitlines():
        inner = line.strip("│╭╮╰╯ ")
        # The title is in the frame, or where the terminal has no frames, above the first rule.
        if line.startswith("╭") or set(inner) <= {"─", "-"}:
            parts.append([])
        else:
            parts[-1].append(inner)
    told = [" ".join(part).rstrip(".") for part in parts[1:] if part]
    # An error of a whole group of options names the group by its place in our types.
    first = re.sub(r"^Error parsing [\w.]*_[\w.-]*: ", "", told[0])
    return "; ".join([first, *(part for part in told[1:] if part.startswith("Available"))])


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is as Ctrl-C: worker processes and shared memory are given back.

    Windows has the name and sends no such signal: there the handler is never called. Handlers can
    be set in the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: What follows `airscene`; those of the process if not given.

    Returns:
        The exit status: 0, 1 if rows of a result failed, 2 for bad input, 130 if interrupted.
    """
    keep_compiled()
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        with _terminable(), warnings.catch_warnings():
            warnings.simplefilter("always", InputWarning)
            warnings.showwarning = _show_warning
            parse(sys.argv[1:] if arguments is None else arguments).run(console)
            sys.stdout.flush()
    except InputError as error:
        return _refused(str(error))
    except MemoryError as error:
        return _refused(f"there is not enough memory for that ({error}); ask for less at once")
    except KeyboardInterrupt as stop:
        print(f"airscene: {str(stop) or 'interrupted'}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output has seen enough.
        _drop_output()
    except OSError as error:
        if error.filename is not None:
            raise
        # A write that names no file is one to standard output: it is full, or gone.
        _drop_output()
        return _refused(
            f"cannot write to standard output ({error.strerror}); give --out, or send it to "
            "a place with room"
        )
    except (RuntimeError, AssertionError):
        platforms = os.environ.get("JAX_PLATFORMS")
        if not platforms or _platforms_start():
            raise
        return _refused(
            f"JAX_PLATFORMS is {platforms!r}, which JAX finds no device for; unset it, or set it "
            "to cpu"
        )
    return 0


def _refused(why: str) -> int:
    print(f"airscene: {why}", file=sys.stderr)
    return BAD_INPUT


def _show_warning(message: Warning | str, category: type[Warning], *where: Any) -> None:
    """Print a warning about the input as one line, and others as Python does."""
    if issubclass(category, InputWarning):
        print(f"airscene: warning: {message}", file=sys.stderr)
    elif not heal(str(message)):
        sys.stderr.write(warnings.formatwarning(message, category, *where[:2]))


def _platforms_start() -> bool:
    """Whether JAX finds a device; without one it raises what its release likes."""
    # JAX is slow to import, and needed only where something failed.
    import jax

    try:
        return bool(jax.devices())
    except (RuntimeError, AssertionError):
        return False


def _drop_output() -> None:
    """Send the rest of standard output nowhere: Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
