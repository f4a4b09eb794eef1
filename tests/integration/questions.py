"""The analysts' questions, as docs/how-to/query.md asks them: the number of each, and its SQL."""

import re

from tests.integration.conftest import ROOT

PAGE = (ROOT / "docs/how-to/query.md").read_text()
QUESTIONS = {
    int(number): query for number, query in re.findall(r"### (\d+)\. [^\n]+\n\n```sql\n(.*?);\n```", PAGE, re.DOTALL)
}
