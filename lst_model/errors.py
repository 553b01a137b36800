"""The one exception that means "the user's input is wrong"."""


class InputError(Exception):
    """Bad input from outside the program: a file, an option, a format.

    The message is a single line that names the culprit and the remedy. The command line prints it and
    exits with code 2; anything else that escapes is a bug and keeps its traceback.
    """
