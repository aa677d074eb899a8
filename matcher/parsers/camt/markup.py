"""Entities in markup that is read without the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));", re.ASCII)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class NotPlain(Exception):
    """Markup that is more than plain elements and texts: only the tokenizer can read it."""


def unescaped(texts: Sequence[str]) -> Sequence[str]:
    """Texts with their entities as the tokenizer gives them. Raises `NotPlain` for an entity that is none."""
    made = []
    for text in texts:
        if "&" in text:
            if text.count("&") != len(_ENTITY.findall(text)):
                raise NotPlain
            text = _ENTITY.sub(_character, text)
        made.append(text)
    return made


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _ENTITIES[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000:
        return chr(code)
    raise NotPlain
