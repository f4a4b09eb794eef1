"""People who do not exist: e-mails and phones that a search can find wherever they leak to."""

# Numbers that Ofcom keeps for films, so that nobody is ever rung up.
_PHONES = 1000


class People:
    """Gives out e-mails and phones, the same ones in the same order each time; no e-mail comes twice."""

    def __init__(self) -> None:
        self._emails = 0
        self._phones = 0

    def make_email(self) -> str:
        """An e-mail in a domain that can't exist."""
        self._emails += 1
        return f"planted.person.{self._emails}@dirt.example"

    def make_phone(self) -> str:
        """A phone as people write it: with blanks, which no number has."""
        self._phones += 1
        return f"+44 7700 900{self._phones % _PHONES:03}"
