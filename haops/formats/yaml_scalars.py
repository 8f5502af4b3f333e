"""What a plain YAML scalar is worth: text, unless it can be nothing else.

Owns the few spellings that are typed. YAML 1.1 reads `no` as false, `010` as eight and `12:30:45` as 45045; a runbook
that means a word gets a word. Must never look at what the value is for.
"""

import re

# 18 digits always fit into 64 bits.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

Scalar = str | int | float | bool | None


def plain_value(text: str) -> Scalar:
    """Return the value of an unquoted scalar: true, false, null, a plain integer or number, else the text as it stands.

    `1.10` stays text: as a number it would lose its last digit.
    """
    if text in _WORDS:
        return _WORDS[text]
    # As a number, -0 would lose its sign.
    if _INTEGER.fullmatch(text) and text != "-0":
        return int(text)
    if _NUMBER.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text
