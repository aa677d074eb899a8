"""Undoing the line breaks of a field of 65 columns.

Banks cut a long text at column 65 (some count the tag `:86:` into the first line, which then has 61), anywhere in a
word, a number or a tag. A trailing blank is often lost on the way: then a line has 64. Shorter lines were ended on
purpose.
"""

from __future__ import annotations

_COLUMNS = 65
_COLUMNS_AFTER_TAG = _COLUMNS - len(":86:")
_BREAKS = "\n" * 1024
_CODE_CHARS_MAX = 5
_CUT_COLUMNS_MIN = 55  # banks with narrower lines cut as well; below this a break is a break


def cut_evenly(text: str, breaks: int) -> bool:
    """Whether every line but the last is cut at the same column, so that the text is whole without its breaks.

    `breaks` is their number, at least 1.
    """
    width = text.find("\n")
    return width >= _CUT_COLUMNS_MIN and width != _COLUMNS - 1 and text[width :: width + 1] == _BREAKS[:breaks]


def rejoined(text: str, mark: str) -> str:
    """One line out of the lines of a structured text in which every part begins with `mark`.

    A cut is undone without a blank; a break that was meant becomes one blank, unless the next line begins with `mark`.
    """
    lines = text.split("\n")
    line = lines[0]
    pieces = [line]
    for following in lines[1:]:
        length = len(line)
        was_ended = length < _CUT_COLUMNS_MIN or length == _COLUMNS - 1
        if was_ended and following[:1] != mark and line[-1:] != " " and not _mark_is_cut(line, following, mark):
            pieces.append(" ")
        pieces.append(following)
        line = following
    return "".join(pieces)


def _mark_is_cut(line: str, following: str, mark: str) -> bool:
    """Whether a slash code or the number of a subfield stands across the break: `…/REM` and `I/…`, `…?2` and `1…`."""
    before = line[line.rfind(mark) + 1 :] if mark in line[-_CODE_CHARS_MAX:] else None
    if before is None:
        return False
    if mark != "/":
        return len(before) < 2 and (before + following[:2])[:2].isdecimal()
    code = before + following.partition("/")[0]
    return "/" in following and len(code) <= _CODE_CHARS_MAX and code.isascii() and code.isupper() and code.isalpha()


def free_lines(text: str) -> str:
    """Free text: breaks that were meant stay, cuts at column 65 are undone, padding and empty lines go.

    A first line of 61 columns was cut as well, and with it other lines of 61.
    """
    breaks = text.count("\n")
    if not breaks:
        return text.strip()
    width = text.find("\n")
    beside_cuts = text[width - 1 :: width + 1][:breaks] + text[-1]
    is_even = text[width :: width + 1] == _BREAKS[:breaks]
    if is_even and width in (_COLUMNS, _COLUMNS_AFTER_TAG) and beside_cuts.isalnum():
        return text.replace("\n", "").strip()
    given = text.split("\n")
    cuts = {_COLUMNS, _COLUMNS_AFTER_TAG} if len(given[0]) == _COLUMNS_AFTER_TAG else {_COLUMNS}
    if cuts.isdisjoint(map(len, given)):
        return "\n".join(filter(None, map(str.strip, given)))
    lines: list[str] = []
    was_cut = False
    for line in given:
        shown = line.rstrip()
        if was_cut and shown:
            lines[-1] += shown
        elif shown:
            lines.append(shown.strip())
        was_cut = len(line) in cuts and len(shown) >= len(line) - 1
        if was_cut and len(shown) < len(line):
            lines[-1] += " "
    return "\n".join(lines)
