from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from haops.formats.yaml_places import Place
from haops.formats.yaml_scalars import plain_value
from haops.formats.yaml_source import MAX_BYTES, YamlSource, read_yaml

EXAMPLE = Path(__file__).with_name("quorum.yaml")


def read(text: str) -> YamlSource:
    """Return what is read of a text."""
    return read_yaml(text.encode(), "f.yaml")


def only_problem(text: str | bytes) -> str:
    """Return the one problem that reading finds."""
    content = text.encode() if isinstance(text, str) else text
    problems = read_yaml(content, "f.yaml").problems
    assert len(problems) == 1, problems
    return str(problems[0])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"), ("no", "no"), ("yes", "yes"), ("off", "off"), ("True", "True"), ("NULL", "NULL"),
        ("010", "010"), ("0o17", "0o17"), ("0x10", "0x10"), ("1_000", "1_000"), ("12:30:45", "12:30:45"),
        ("1.10", "1.10"), ("1e3", "1e3"), (".5", ".5"), (".inf", ".inf"), (".nan", ".nan"), ("-0", "-0"),
        ("2026-11-21", "2026-11-21"), ("=", "="), ("9" * 5000, "9" * 5000),
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("1.5", 1.5),
    ],
)  # fmt: skip
def test_only_what_can_be_nothing_else_is_typed(written: str, value: object) -> None:
    """Words, times, dates, versions and odd numbers stay text; true, false, null and plain numbers are typed."""
    found = plain_value(written)
    assert found == value
    assert type(found) is type(value)


def test_keys_are_always_text() -> None:
    """The key `on` is the word on, not true, and the key 1 is the text 1."""
    assert read("on: a\n1: b\n").value == {"on": "a", "1": "b"}


def test_quoted_scalars_are_text() -> None:
    """Quotes make text of anything."""
    assert read("a: \"12\"\nb: 'true'\n").value == {"a": "12", "b": "true"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: &x 1\n", "f.yaml:1:4: error: the anchor &x is not allowed"),
        (b"a: !!python/object:os.system x\n", "f.yaml:1:4: error: the tag tag:yaml.org,2002:python/object:os.system"),
        (b"a: {b: 1}\n<<: {c: 1}\n", "f.yaml:2:1: error: the merge key << is not allowed"),
        (b"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: a stands here twice (it is first in line 1)"),
        (b"a: {{ x.y }}\n", "f.yaml:1:4: error: {{ is read as a mapping, not as text (put the text in quotes"),
        (b"? [a, b]\n: c\n", "f.yaml:1:1: error: a key must be a word"),
        (b"a: 1\n---\nb: 1\n", "f.yaml:2:1: error: a second document begins here"),
        (b"a:\n\t- b\n", "f.yaml:2:1: error: not YAML: while scanning for the next token, found character '\\t'"),
        (b"a: b: c\n", "f.yaml:1:5: error: not YAML: mapping values are not allowed here"),
        (b'a: "b\n', "f.yaml:2:1: error: not YAML: while scanning a quoted scalar"),
        (b"a: \x00\n", "f.yaml:1:4: error: the character U+0000 is not allowed"),
        ("a: 1 # fine\u2028b: 2\n".encode(), "f.yaml:1:12: error: the character U+2028 is not allowed"),
        ("a: 1 # fine\x85b: 2\n".encode(), "f.yaml:1:12: error: the character U+0085 is not allowed"),
        (b"a: 1 # fine\rb: 2\n", "f.yaml:1:12: error: the character U+000D is not allowed"),
        ("a: 'rm \u202e/x'\n".encode(), "f.yaml:1:8: error: the character U+202E is not allowed (leave it out"),
        ("a: x\u200by\n".encode(), "f.yaml:1:5: error: the character U+200B is not allowed"),
        (b'a: "x\\U00110000"\n', "f.yaml:1:6: error: this escape stands for no character"),
        (b'a: "x\\UFFFFFFFF"\n', "f.yaml:1:6: error: this escape stands for no character"),
        (b'a: "x\\ud800"\n', "f.yaml:1:6: error: this escape stands for no character"),
        (b'"x\\uDFFF": 1\n', "f.yaml:1:3: error: this escape stands for no character"),
        (b"a: 1\nb: \xff\n", "f.yaml:2:4: error: not UTF-8 text"),
        (b"a: *x\n", "f.yaml:1:4: error: the alias *x is not allowed"),
        (b"x" * (MAX_BYTES + 1), f"f.yaml: error: {MAX_BYTES + 1} bytes; at most {MAX_BYTES} are read"),
    ],
)
def test_what_is_refused_is_named_with_its_place(content: bytes, said: str) -> None:
    """Whatever could hide, multiply or change what a reader sees is refused, with line, column and reason."""
    assert only_problem(content).startswith(said)


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    """A few lines that stand for billions of values cost nothing: the first alias stops the reading."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    source = read("\n".join(lines))
    assert source.value is None
    assert source.problems[-1].message == "the alias *a0 is not allowed"


@pytest.mark.slow
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_while_it_is_read(opening: str) -> None:
    """Nesting costs no stack: reading stops at the limit."""
    source = read(opening * 100_000)
    assert source.value is None
    assert any("nested deeper" in problem.message for problem in source.problems)


@pytest.mark.slow
def test_many_values_are_refused() -> None:
    """A file may not hold more values than a person could have written."""
    assert "more than 50000 values" in only_problem("[" + "1," * 60_000 + "]")


def test_an_empty_file_has_no_value_and_no_mistake_of_writing() -> None:
    """What an empty file means is for its reader to say."""
    source = read("# nothing\n")
    assert source.value is None
    assert not source.problems


def test_several_mistakes_of_writing_are_all_reported() -> None:
    """One duplicate key does not hide the next, nor an anchor."""
    assert [p.line for p in read("a: 1\na: 2\nb: &x 3\nb: 4\n").problems] == [2, 3, 4]


def test_an_ordinary_file_means_what_yaml_says() -> None:
    """But for the types of plain scalars, a file reads as with any YAML reader."""
    ours = read_yaml(EXAMPLE.read_bytes(), "quorum.yaml")
    theirs = yaml.load(EXAMPLE.read_bytes(), Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only

    def as_text(value: object) -> object:
        if isinstance(value, dict):
            return {key: as_text(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [as_text(entry) for entry in value]
        return value if isinstance(value, str) else str(value).lower()

    assert not ours.problems
    assert as_text(ours.value) == theirs


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("a: first SECOND", "SECOND"),
        ("a: 'it''s SECOND'", "SECOND"),
        ('a: "a \\"b\\" \\u00e9 SECOND"', "SECOND"),
        ("a: |\n  first\n    x SECOND\n", "SECOND"),
        ("a: >-\n  first\n\n  x\n  SECOND y\n", "SECOND"),
        ("a: >\n  first\n    x SECOND\n", "SECOND"),
        ("a: first\n  and SECOND", "SECOND"),
        ("a: é SECOND", "SECOND"),
        ("a: |2\n    x\n  SECOND\n", "SECOND"),
    ],
)
def test_a_character_of_any_scalar_is_found_in_the_file(written: str, word: str) -> None:
    """The place of a word inside a text is where an editor shows it, however the text is written."""
    source = read(written)
    value = source.value["a"]
    before = written[: written.index(word)]
    expected = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    assert source.places.inside(("a",), value.index(word), value) == expected


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.text("abcxyz:#'\"\\-{}[]é ", min_size=1, max_size=12).map(str.strip).filter(bool), min_size=1))
def test_every_visible_character_of_a_written_text_is_found(words: list[str]) -> None:
    """For texts in every style that a YAML writer chooses, each visible character is found where it stands."""
    for style in (None, "'", '"', "|", ">"):
        value = "\n".join(words)
        text = yaml.safe_dump({"a": value}, default_style=style, width=30, allow_unicode=True)
        source = read(text)
        assert not source.problems
        (key,) = source.value
        lines = text.split("\n")
        for offset, character in enumerate(value):
            if character.isspace():
                continue
            line, column = source.places.inside((key,), offset, value)
            found = lines[line - 1][column - 1]
            assert found in (character, "\\")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    """Whatever a file holds, reading it returns problems and never raises."""
    read_yaml(content, "f.yaml")


@settings(deadline=None)
@given(st.text("ab:-?[]{},&*!|>'\"%@`#\n \t\\Uu19d", max_size=60))
def test_no_text_of_yaml_signs_makes_the_reader_fail(text: str) -> None:
    """The same for texts made of YAML's own signs; a file without value and problem is empty but for comments."""
    source = read(text)
    for problem in source.problems:
        assert problem.line >= 0
        assert problem.message
