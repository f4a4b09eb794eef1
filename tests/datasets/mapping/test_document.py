"""YAML as blocks: what is wrong with the file is told with its line, and YAML's own guesses don't happen."""

import pytest

from datasets.mapping.document import read_document
from datasets.mapping.findings import Findings


def read(text):
    findings = Findings()
    return read_document(text, findings), findings.problems


@pytest.mark.parametrize("word", ["NO", "012", "2024-03-01", "1e3", "null", "0x10"])
def test_a_text_is_what_stands_there(word):
    block, problems = read(f"value: {word}\n")
    assert (block.read_text("value"), problems) == (word, [])


def test_a_key_given_twice_is_told_with_both_lines():
    _, problems = read("a: 1\nb: 2\na: 3\n")
    assert problems == ["line 3: a is given twice, first on line 1; keep one"]


def test_a_block_of_sql_knows_the_line_it_begins_on():
    block, _ = read("a: 1\nquery: |\n  select 1\n  from x\n")
    assert (block.read_text("query"), block.read_text("query").line) == ("select 1\nfrom x", 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\nb: 2\n", "line 2: this is not YAML"),
        ("a: 'open\n", "this is not YAML"),
        ("a: \x00\n", "this is not YAML"),
        ("- a\n- b\n", "holds no `key: value` lines"),
        ("", "holds no `key: value` lines"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_in_a_sentence(text, told):
    block, problems = read(text)
    assert block is None
    assert told in problems[0]
    assert len(problems) == 1
    assert "\n" not in problems[0]


@pytest.mark.parametrize(
    ("text", "read_as", "told"),
    [
        ("a: {b: 1}\n", "read_text", "line 1: a must be a text, not a block"),
        ("a: [1, 2]\n", "read_text", "line 1: a must be a text, not a list"),
        ("a:\n", "read_text", "line 1: a is empty"),
        ("a: [1, {b: 2}]\n", "read_texts", "line 1: a must list texts, not a block"),
        ("a: 1\n", "read_block", "line 1: a must hold lines of `key: value`, not the text '1'"),
        ("a:\n  - {b: 1}\n  - c\n", "read_blocks", "line 3: a must list blocks of `key: value`, not the text 'c'"),
    ],
)
def test_a_wrong_type_is_told_with_its_line(text, read_as, told):
    block, problems = read(text)
    getattr(block, read_as)("a")
    assert problems == [told]


def test_an_unknown_key_gets_the_near_one():
    block, problems = read("wher: 1\n")
    block.check_keys(("from", "where"), required=("from",))
    assert problems == ["line 1: the key wher means nothing here; did you mean where?", "line 1: from is missing"]
