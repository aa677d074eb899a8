"""The morning summary as HTML for a mail: one column, no pictures, nothing to load."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from matcher.ops.summary_text import head, sections, subject
from matcher.pipeline.night.morning import Morning


def as_html(summary: Morning) -> str:
    """The summary with the same words as `matcher.ops.summary_text.as_text`."""
    return "".join(f"{row}\n" for row in _rows(summary))


def _rows(summary: Morning) -> Iterator[str]:
    title = escape(subject(summary))
    yield f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    yield '<body style="font-family:sans-serif;max-width:50em;margin:1em;line-height:1.4">'
    colour = "#b00020" if summary.attention else "#1b6e3c"
    yield f'<h1 style="font-size:1.2em;color:{colour}">{title}</h1>'
    yield f"<p>{'<br>'.join(map(escape, head(summary)))}</p>"
    for section in sections(summary):
        yield f'<h2 style="font-size:1em;margin-bottom:0">{escape(section.heading)}</h2>'
        items = "".join(f"<li>{escape(row)}</li>" for row in section.rows)
        yield f'<ul style="margin-top:0.3em">{items}</ul>' if items else ""
        yield f"<p>{escape(section.next_step)}</p>" if section.next_step else ""
    yield "</body></html>"
