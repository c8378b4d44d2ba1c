"""Reports: the findings of one run in the formats that people and tools read (REQ-V9).

A format is a pure function from a `Report` to a string, one module each, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable

from . import github, json, junit, markdown, sarif, text
from .report import CheckFacts, Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "github": github.render,
    "junit": junit.render,
    "markdown": markdown.render,
}

__all__ = ["FORMATS", "CheckFacts", "Report"]
