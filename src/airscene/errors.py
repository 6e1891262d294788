"""The one exception for bad input."""


class InputError(ValueError):
    """Bad input that the user can mend: an image, a file, an option.

    The message is one line that says what was wrong, where, and what would be right. The command
    line prints it on standard error and exits with status 2.

    Args:
        message: the line; line breaks in it (from a file name, say) become spaces.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))
