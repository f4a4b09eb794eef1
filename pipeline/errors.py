"""The errors a person may meet, each with the exit code its kind stands for."""


class RapportError(Exception):
    """Something a person can mend. The message says what is wrong, where, and what to do."""

    exit_code = 1


class UsageError(RapportError):
    """A wrong call or a wrong setting."""

    exit_code = 2


class GateRefused(RapportError):
    """A gate found the data unfit; nothing was published."""

    exit_code = 3
