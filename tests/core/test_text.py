import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haops.core.text import MARK, cells, cut, decode, visible

ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("\x1b]52;c;YQ==\x07", "\\x1b]52;c;YQ==\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("del\x7f nul\x00 cr\r bs\x08", "del\\x7f nul\\x00 cr\\r bs\\x08".replace("\\r", "\\x0d")),
        ("a\tb", "a\tb"),
        ("a\nb", "a\\x0ab"),
        ("safe\u202egnp.exe", "safe\\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("lone \udcff", "lone \\udcff"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("heart \u2764\ufe0f", "heart \u2764\\ufe0f"),
        ("Zürich 東京 é é", "Zürich 東京 é é"),
        ("literal \\x1b stays", "literal \\x1b stays"),
    ],
)
def test_what_acts_or_hides_is_written_out_and_the_rest_stays(text: str, shown: str) -> None:
    """Controls, bidi, zero-width, tags and lone surrogates are visible; ordinary text of any language is unchanged."""
    assert visible(text) == shown


def test_newlines_stay_only_on_request() -> None:
    """A view of many lines may keep them; a line of a list may not be broken by its content."""
    assert visible("a\r\nb", keep_newlines=True) == "a\\x0d\nb"


def test_no_character_of_an_acting_category_passes() -> None:
    """Every code point that Unicode calls a control, format character, separator or surrogate is caught, but tab."""
    passed = [f"{code:x}" for code in range(sys.maxunicode + 1) if _acts(chr(code)) and visible(chr(code)) == chr(code)]
    assert passed == ["9"]


def _acts(character: str) -> bool:
    return unicodedata.category(character) in ACTING


def test_a_pile_of_combining_marks_cannot_cover_other_cells() -> None:
    """Four marks on a letter are language; the fifth and later ones are written out."""
    assert visible("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + "\\u0301" * 2


def test_bytes_that_are_not_text_are_shown_as_bytes() -> None:
    """Invalid UTF-8 is neither dropped nor replaced by a sign that hides it."""
    assert decode(b"ok \xff\xc3\xa9") == "ok \\xffé"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab" + MARK),
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京" + MARK),
        ("東京都", 4, "東" + MARK),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301" + MARK),
        ("a\tb", 8, "a" + MARK),
        ("a\tb", 9, "a\tb"),
        ("abc", 1, MARK),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_cutting_counts_terminal_cells_and_leaves_a_mark(text: str, width: int, shown: str) -> None:
    """A cut text never takes more cells than asked and says that it was cut."""
    assert cut(text, width) == shown


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_fits(text: str, width: int) -> None:
    """Whatever comes in, what comes out fits, and what fits is unchanged."""
    shown = visible(text)
    assert cells(cut(shown, width)) <= width
    assert cells(shown) > width or cut(shown, width) == shown


@given(st.binary())
def test_any_bytes_become_printable(content: bytes) -> None:
    """No sequence of bytes leaves an acting character in what is shown."""
    assert not any(_acts(character) for character in visible(decode(content)) if character != "\t")
