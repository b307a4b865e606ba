"""Tables for notebooks. Everything that comes from elsewhere is escaped."""
from __future__ import annotations

import html
from datetime import datetime
from typing import Any, Iterable, Mapping

_LONGEST = 500  # characters of one cell


def table(title: str, rows: Mapping[str, Any]) -> str:
    """Two columns, name and value; rows without a value are left out."""
    body = "".join(f"<tr><th style='text-align:left'>{_cell(name)}</th>"
                   f"<td style='text-align:left'>{_cell(value)}</td></tr>"
                   for name, value in rows.items() if value is not None)
    return f"<table><caption>{_cell(title)}</caption><tbody>{body}</tbody></table>"


def paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{_cell(sentence)}</p>" for sentence in sentences)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, datetime):
        text = value.isoformat(sep=" ", timespec="seconds")
    else:
        text = str(value)
    if len(text) > _LONGEST:
        text = text[:_LONGEST - 3] + "..."
    return html.escape(text, quote=True)
