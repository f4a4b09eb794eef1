"""A YAML file as blocks whose every word knows its line.

Nothing is converted: a number, a date, `yes` or `no` is the text that stands there, for YAML's guesses (`NO` is false,
`012` is 10) have no place in a file that holds SQL and codes.
"""

from collections.abc import Iterable

import yaml

from datasets.mapping.findings import Findings, suggest_name


class Text(str):
    """A text with the line it stands on."""

    line: int

    def __new__(cls, value: str, line: int) -> "Text":
        text = super().__new__(cls, value)
        text.line = line
        return text


class Block:
    """Lines of `key: value`. What is wrong with them goes to the findings; what can't be used reads as missing."""

    def __init__(self, node: yaml.MappingNode, place: str, findings: Findings):
        self.line = node.start_mark.line + 1
        self._place = place
        self._findings = findings
        self._nodes: dict[Text, yaml.Node] = {}
        for key_node, value in node.value:
            key = _as_text(key_node)
            if key is None:
                self._refuse("a name was expected before the colon", _line_of(key_node))
            elif key in self._nodes:
                first = next(known.line for known in self._nodes if known == key)
                self._refuse(f"{key} is given twice, first on line {first}; keep one", key.line)
            else:
                self._nodes[key] = value

    @property
    def keys(self) -> tuple[Text, ...]:
        """The keys in their order."""
        return tuple(self._nodes)

    def check_keys(self, known: Iterable[str], required: Iterable[str] = ()) -> None:
        """Refuse keys that mean nothing here, and missing ones that must be given."""
        known = tuple(known)
        for key in self._nodes:
            if key not in known:
                self._refuse(f"the key {key} means nothing here; {suggest_name(key, known)}", key.line)
        for key in required:
            if key not in self._nodes:
                self._refuse(f"{key} is missing", self.line)

    def read_text(self, key: str) -> Text | None:
        """The text of a key, or None."""
        node = self._nodes.get(key)
        if node is None:
            return None
        text = _as_text(node)
        if text is None:
            self._refuse(f"{key} must be a text, not {_describe(node)}", _line_of(node))
        elif not text:
            self._refuse(f"{key} is empty", _line_of(node))
        return text or None

    def read_texts(self, key: str) -> tuple[Text, ...]:
        """One text or a list of texts."""
        node = self._nodes.get(key)
        if not isinstance(node, yaml.SequenceNode):
            text = self.read_text(key)
            return () if text is None else (text,)
        texts = [_as_text(item) for item in node.value]
        for item, text in zip(node.value, texts, strict=True):
            if not text:
                self._refuse(f"{key} must list texts, not {_describe(item)}", _line_of(item))
        return tuple(text for text in texts if text)

    def read_block(self, key: str) -> "Block | None":
        """The block under a key, or None."""
        node = self._nodes.get(key)
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self._refuse(f"{key} must hold lines of `key: value`, not {_describe(node)}", _line_of(node))
            return None
        return Block(node, f"{self._place}, {key}" if self._place else key, self._findings)

    def read_blocks(self, key: str) -> tuple["Block", ...]:
        """A list of blocks, or one block."""
        node = self._nodes.get(key)
        items = node.value if isinstance(node, yaml.SequenceNode) else [] if node is None else [node]
        blocks = []
        for number, item in enumerate(items, 1):
            place = f"{self._place}, {key}" if self._place else key
            if isinstance(item, yaml.MappingNode):
                blocks.append(Block(item, f"{place} {number}" if len(items) > 1 else place, self._findings))
            else:
                self._refuse(f"{key} must list blocks of `key: value`, not {_describe(item)}", _line_of(item))
        return tuple(blocks)

    def peek_block(self, key: str) -> tuple[Text, ...]:
        """The keys of the block under a key, without a word about what is wrong with it."""
        node = self._nodes.get(key)
        names = (_as_text(name) for name, _ in node.value) if isinstance(node, yaml.MappingNode) else ()
        return tuple(name for name in names if name)

    def is_block(self, key: str) -> bool:
        """Whether a block stands under the key."""
        return isinstance(self._nodes.get(key), yaml.MappingNode)

    def _refuse(self, sentence: str, line: int) -> None:
        self._findings.add_problem(f"{self._place}: {sentence}" if self._place else sentence, line)


def read_document(text: str, findings: Findings) -> Block | None:
    """The outermost block of a YAML text, or None when it is no YAML or no block."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        findings.add_problem(f"this is not YAML: {error.problem}; is the indentation right, is a quote missing?", line)
        return None
    except yaml.YAMLError as error:
        findings.add_problem(f"this is not YAML: {str(error).splitlines()[0]}")
        return None
    if not isinstance(node, yaml.MappingNode):
        findings.add_problem("the file holds no `key: value` lines; see: python -m datasets map --example")
        return None
    return Block(node, "", findings)


def _as_text(node: yaml.Node) -> Text | None:
    if not isinstance(node, yaml.ScalarNode):
        return None
    is_empty = node.style is None and node.value in ("", "~")
    first_line = _line_of(node) + (node.style == "|")
    return Text("" if is_empty else node.value.rstrip("\n"), first_line)


def _line_of(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _describe(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a block"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"the text {node.value[:40]!r}" if node.value else "nothing"
