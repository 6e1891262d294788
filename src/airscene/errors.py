"""Bad input and odd input, the checks of options that refuse it, an exit status."""

import warnings
from numbers import Integral
from typing import Any, get_args

# Exit status of a process that Ctrl-C ended, as shells have it.
INTERRUPTED = 130


class InputError(ValueError):
    """Bad input that the user can mend: an image, a file, an option.

    The message is one line that says what was wrong, where, and what would be right. The command
    line prints it on standard error and exits with status 2.

    Args:
        message: the line; line breaks in it (from a file name, say) become spaces.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))


class InputWarning(UserWarning):
    """Input that can be used, but is probably not what the user means.

    The message is one line that says what is odd, where, and what would be right. It is given by
    `warnings.warn`, so that Python's filters of warnings silence it, or make an error of it.
    """


# Each time, not once a process: the next images may be as odd. The user's filters go first.
warnings.simplefilter("always", InputWarning, append=True)


def check_seed(seed: int) -> None:
    """Refuses a seed that is not from 0 to 2**32 - 1: JAX would ignore what lies beyond.

    Raises:
        InputError: if it is not.
    """
    right = isinstance(seed, Integral) and 0 <= seed < 2**32
    check_option("seed", seed, right, "a whole number from 0 to 2**32 - 1")


def check_whole(name: str, value: int, least: int) -> None:
    """Refuses an option that is no whole number, or below the least.

    Raises:
        InputError: if it is.
    """
    right = isinstance(value, Integral) and value >= least
    check_option(name, value, right, f"a whole number of at least {least}")


def check_one_of(name: str, value: object, kind: Any) -> None:
    """Refuses an option that is none of the values of a `Literal`.

    Raises:
        InputError: if it is.
    """
    known = get_args(kind)
    check_option(name, value, value in known, " or ".join(known))


def check_option(name: str, value: object, right: bool, wanted: str) -> None:
    """Refuses an option that is out of range.

    Args:
        name: its name in Python; the command line spells it with hyphens.
        value: its value.
        right: whether the value is in range.
        wanted: what would be, to follow "should be".

    Raises:
        InputError: if not.
    """
    if not right:
        shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
        raise InputError(f"--{name.replace('_', '-')} is {shown}; it should be {wanted}")


def check_steps(steps: int | None) -> None:
    """Refuses a number of steps for inference that is not from 1 to 100.

    Raises:
        InputError: if it is given and is not.
    """
    if steps is not None:
        check_option("steps", steps, 1 <= steps <= 100, "a whole number from 1 to 100")
