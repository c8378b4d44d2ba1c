"""Read a template's text into plain data with positions, within bounds on size, depth and nodes.

JSON is read as YAML, of which it is a subset but for one thing that is mended here: characters beyond the
first plane, which JSON escapes as two halves.

Sources: AWS CloudFormation User Guide, "Template formats" and "Understand CloudFormation quotas"
(a template body has at most 1 MB); Template Reference, "Intrinsic function reference" (short forms).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import yaml

from validator.effective.reader import MAX_CHARACTERS, Reader, StopReading
from validator.effective.references import Declared, dangling
from validator.effective.template import Template
from validator.errors import ConfigurationError, Problem

_HALVES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_TAG_DIRECTIVE = re.compile(r"(?:^|[\r\n\x85\u2028\u2029])%TAG")
_MAX_TAG_DIRECTIVES = 16
"""More than any template needs; the YAML library compares each with all before it."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str, file: str) -> Template:
    """Return the template in `text`; `file` is the name that problems carry.

    Raises `ConfigurationError` with every problem found: syntax, duplicate keys, unknown tags, null values,
    keys that are no text, and text beyond the bounds of `reader`.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the template has {len(text)} characters; CloudFormation takes at most {MAX_CHARACTERS}"
        raise ConfigurationError.single(message, file=file, hint="split it into several stacks")
    if text.count("%TAG") > _MAX_TAG_DIRECTIVES and len(_TAG_DIRECTIVE.findall(text)) > _MAX_TAG_DIRECTIVES:
        message = f"there are more than {_MAX_TAG_DIRECTIVES} lines that begin with %TAG"
        raise ConfigurationError.single(
            message, file=file, hint="remove them: CloudFormation has tags of its own"
        )
    json = text.lstrip("\ufeff \t\r\n")[:1] == "{"
    if json and "\\u" in text:
        text = _HALVES.sub(_whole, text)
    reader = Reader(file, json=json)
    try:
        reader.read(_events(text))
    except yaml.YAMLError as error:
        reader.problems.append(_syntax(error, file))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        message = "this is not YAML or JSON: half of a character"
        reader.problems.append(Problem(file, "", message, "save the file as UTF-8", line))
    except StopReading:
        pass
    if not reader.problems and not isinstance(reader.root, dict):
        hint = "begin with a Resources section"
        reader.problems.append(Problem(file, "", "a template is a mapping with a Resources section", hint, 1))
    if reader.problems:
        raise ConfigurationError(reader.problems)
    body = reader.root
    looped = frozenset(path[:length] for path in reader.loops for length in range(1, len(path) + 1))
    template = Template(file, body, reader.positions, (), looped)
    if looped:
        return template
    declared = Declared.of(template, template.section("Resources"), template.section("Conditions"))
    return replace(template, dangling=tuple(dangling(body, declared)))


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield what PyYAML reads; its own `yaml.parse` asks twice for each event."""
    loader = _LOADER(text)
    try:
        while (event := loader.get_event()) is not None:
            yield event
    finally:
        loader.dispose()


def _whole(match: re.Match[str]) -> str:
    """Return the YAML escape of the character that two JSON escapes stand for."""
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _syntax(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    line = mark.line + 1 if mark else None
    place = f" at column {mark.column + 1}" if mark else ""
    return Problem(file, "", f"this is not YAML or JSON: {what}{place}", "correct the syntax", line)
