"""What sqlfluff, which reads the models without dbt, needs to know of dbt's `adapter`; dbt itself never reads this."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """A macro that every engine has in its own words, as a call of a function of that name."""
    return lambda *arguments: f"{name}({', '.join(str(argument) for argument in arguments)})"


def quote(name: str) -> str:
    """A name that is a word of the language, as a name all the same."""
    return f'"{name}"'
