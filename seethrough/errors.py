"""The one exception that a user's mistake raises."""


class SeethroughError(Exception):
    """A user's mistake, told in one line: what is wrong, where (file, row, key), and what to do.

    Command-line entry points print the message without a traceback and leave with exit code 2; library code raises it
    for bad files and bad settings, and the built-in ``ValueError`` or ``TypeError`` for programming errors.
    """


class SharedError(SeethroughError):
    """A mistake that all processes of a training raise at the same time; the first of them tells the user."""
