"""Commands of the AWS command line as documents have them, read and checked against botocore's own models.

`aws SERVICE OPERATION --option VALUE...` names an operation of the model and its parameters, in the command line's
spelling (https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-types.html and -shorthand.html).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.validate import ParamValidator

GLOBAL = {"--region", "--profile", "--output", "--query", "--max-items", "--page-size", "--starting-token"}
"""Options of every command (AWS CLI reference, "Global options" and "Using pagination options")."""

S3 = {
    "sync": {"--source-region", "--exclude", "--include", "--dryrun", "--only-show-errors"},
    "cp": {"--source-region", "--recursive", "--exclude", "--include", "--dryrun"},
}
"""Commands that are more than an operation of S3, with options of theirs that documents use (AWS CLI reference, s3)."""

MODELS = {"s3api": "s3"}
"""Services that the command line calls otherwise than botocore."""

RENAMED = {("sns", "subscribe", "--notification-endpoint"): "--endpoint"}
"""Options that the command line calls otherwise than the model (AWS CLI reference, sns subscribe)."""

PLACEHOLDER = "x" * 64
"""Stands for a variable of the shell, long enough for any model."""

_FENCED = re.compile(r"^(?P<indent> *)```sh\n(?P<block>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(aws\s[^`]+)`")
_COMMAND = re.compile(r"(?:^ *|\$\(|&& |\| |; )(aws [^\n]*)", re.MULTILINE)
_session = botocore.session.Session()


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `is_whole` where it is to be typed as it stands, and not only mentioned."""

    text: str
    is_whole: bool
    words: tuple[str, ...] = field(compare=False)

    @property
    def service(self) -> str:
        return self.words[1]

    @property
    def name(self) -> str:
        return self.words[2]

    def options(self) -> dict[str, list[str]]:
        """Return each option with its values, as they stand."""
        found: dict[str, list[str]] = {}
        for word in self.words[3:]:
            if word.startswith("--"):
                option, equals, value = word.partition("=")
                found[option] = [value] if equals else []
            elif found:
                found[next(reversed(found))].append(word)
        return found

    def own_options(self) -> dict[str, list[str]]:
        """Return the options that are the operation's, as its model calls them."""
        return {
            RENAMED.get((self.service, self.name, option), option): values
            for option, values in self.options().items()
            if option not in GLOBAL
        }


def commands(path: Path) -> Iterator[Command]:
    """Yield the commands of a Markdown document: of its blocks of shell, and those in backquotes."""
    text = path.read_text(encoding="utf-8")
    for block in _FENCED.finditer(text):
        for found in _COMMAND.findall(block["block"].replace("\\\n", " ")):
            yield _command(found, is_whole=True)
    for found in _INLINE.findall(_FENCED.sub("", text)):
        yield _command(found, is_whole=False)


def _command(text: str, *, is_whole: bool) -> Command:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=")|;&")
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if word[0] in ")|;&":
            break  # what follows is the shell's
        words.append(word)
    return Command(" ".join(text.split()), is_whole, tuple(words))


def problems(command: Command) -> list[str]:
    """Return what is wrong with a command: its service, operation, options, values, or what is missing."""
    if len(command.words) < 3:
        return ["no operation"]
    for query in command.options().get("--query", ()):
        jmespath.compile(query)
    if command.service == "s3":
        if command.name not in S3:
            return [f"no operation {command.name}"]
        return [f"no option {option}" for option in command.own_options().keys() - S3[command.name]]
    try:
        operations = _operations(command.service)
    except (UnknownServiceError, DataNotFoundError):
        return [f"no service {command.service}"]
    name = _waited(command) if command.name == "wait" else command.name
    if name not in operations:
        return [f"no operation {name}"]
    shape = operations[name].input_shape
    try:
        request = _request(shape, command.own_options())
    except ValueError as error:
        return [str(error)]
    if not command.is_whole:
        return []
    report = ParamValidator().validate(request, shape) if shape else None
    return [report.generate_report()] if report and report.has_errors() else []


def _operations(service: str) -> dict[str, Any]:
    model = _session.get_service_model(MODELS.get(service, service))
    return {_spelt(each): model.operation_model(each) for each in model.operation_names}


def _spelt(name: str) -> str:
    return str(xform_name(name)).replace("_", "-")


def _waited(command: Command) -> str:
    waiters = _session.get_waiter_model(MODELS.get(command.service, command.service))
    found = {_spelt(each): each for each in waiters.waiter_names}
    if len(command.words) < 4 or command.words[3] not in found:
        return f"wait {' '.join(command.words[3:4])}"
    return _spelt(waiters.get_waiter(found[command.words[3]]).operation)


def request(command: Command, variables: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the method of a client and the parameters with which it does what the command does."""
    words = tuple(re.sub(r"\$(\w+)", lambda match: variables[match[1]], word) for word in command.words)
    filled = Command(command.text, command.is_whole, words)
    operation = _operations(command.service)[command.name]
    return xform_name(operation.name), _request(operation.input_shape, filled.own_options())


def _request(shape: Any, options: Mapping[str, list[str]]) -> dict[str, Any]:
    members = {f"--{_spelt(each)}": each for each in (shape.members if shape else ())}
    found: dict[str, Any] = {}
    for option, values in options.items():
        positive = option.replace("--no-", "--", 1)
        name = members.get(option) or members.get(positive)
        if name is None:
            raise ValueError(f"no option {option}")
        member = shape.members[name]
        if member.type_name == "boolean" and not values:
            found[name] = option in members
        elif member.type_name == "list":
            found[name] = [_value(member.member, each) for each in values]
        elif len(values) == 1:
            found[name] = _value(member, values[0])
        else:
            raise ValueError(f"{option} takes one value")
    return found


def _value(shape: Any, text: str) -> Any:
    if text[:1] in "{[" and shape.type_name in {"structure", "map", "list"}:
        return json.loads(text)
    text = re.sub(r"\$\w+", PLACEHOLDER, text)
    match shape.type_name:
        case "structure":
            pairs = [pair.partition("=") for pair in text.split(",")]
            if unknown := [name for name, _, _ in pairs if name not in shape.members]:
                raise ValueError(f"{shape.name} has no {', '.join(unknown)}")
            return {name: _value(shape.members[name], value) for name, _, value in pairs}
        case "map":
            return {
                name: _value(shape.value, value)
                for name, _, value in (p.partition("=") for p in text.split(","))
            }
        case "list":
            return [_value(shape.member, each) for each in text.split(",")]
        case "boolean":
            return {"true": True, "false": False}[text]
        case "integer" | "long":
            return int(text)
        case "timestamp" | "string" | "blob":
            return text
    raise ValueError(f"a {shape.type_name} is not read here")
