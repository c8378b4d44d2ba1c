"""The template of a stack of another project: a file, or Jinja in the sandbox. Code is not run, nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ..config_jinja import expand
from ..effective import symbolic
from ..errors import ConfigurationError, Problem
from ..jinja_sandbox import sandbox
from ..places import EXPANDED
from ..time_limit import time_limit
from .folders import Folders
from .reader import sandbox_of
from .resolving import NOTHING, Written, described, resolved
from .tags import Tag

PLAIN, JINJA, CODE = frozenset({".json", ".yaml", ".template"}), EXPANDED, ".py"
"""What Sceptre takes for a template, by the end of the file's name (sceptre/template_handlers)."""
CHECK = "template"


class _Unknown:
    """A value that only a deployment knows: a template that needs it is not covered."""

    def __init__(self, written: str) -> None:
        self.written = written

    def __str__(self) -> str:
        raise ValueError(f"{self.written} is known only at deployment, so that this stack is not covered")

    __bool__ = __iter__ = __len__ = __str__


@dataclass(slots=True)
class Templates:
    """The templates of one project, each read once; equal texts are one."""

    folders: Folders
    _files: dict[str, tuple[str, str]] = field(default_factory=dict)
    _bodies: dict[str, str] = field(default_factory=dict)

    def of(self, config: Mapping[str, Any], file: str, written: Written) -> tuple[str, str]:
        """Return the template file of a stack, relative to the project, and its text.

        Raises ConfigurationError: a problem of the check `template` where this stack is not covered, and why.
        """
        name = _named(config, file)
        kind = PurePosixPath(name).suffix
        if kind == CODE:
            message = f"this stack is not covered: {name} is Python code, which is not run"
            raise _problem(
                file, message, "write the template as YAML, JSON or Jinja, to have it checked", CHECK
            )
        if kind != JINJA and kind not in PLAIN:
            hint = "name a file that ends in .yaml, .json, .template, .j2 or .py"
            raise _problem(file, f"Sceptre takes no template {name}", hint)
        if name not in self._files:
            self._files[name] = self._read(name, file)
        shown, text = self._files[name]
        if kind == JINJA:
            text = self._expanded(name, shown, text, config, written)
        return shown, self._bodies.setdefault(text, text)

    def _read(self, name: str, file: str) -> tuple[str, str]:
        path = PurePosixPath("templates", name.replace("\\", "/"))
        given = self.folders.within(path.as_posix())
        if PurePosixPath(name).is_absolute() or not self.folders.exists(given):
            known = ", ".join(self.folders.names(self.folders.within("templates"))[:10])
            message = f"the template {name} is not there, or not in this project"
            raise _problem(
                file, message, f"choose one of: {known}" if known else "create the folder templates"
            )
        return self.folders.shown(given), self.folders.text(given)

    def _expanded(self, name: str, shown: str, text: str, config: Mapping[str, Any], written: Written) -> str:
        options = config.get("j2_environment")
        environment = sandbox_of(options, "j2", shown) if options else sandbox("j2")
        folder = PurePosixPath("templates", name).parent.as_posix()

        def include(other: str) -> str | None:
            path = self.folders.within(folder, other)
            inside = ".." not in PurePosixPath(other).parts and self.folders.exists(path)
            return self.folders.text(path) if inside else None

        try:
            with time_limit():
                given = {"sceptre_user_data": _known(config.get("sceptre_user_data") or {}, written)}
                return expand(text, shown, given, include=include, environment=environment)
        except ConfigurationError as error:
            raise ConfigurationError(
                Problem(one.file, one.key, one.message, one.hint, one.line, CHECK) for one in error.problems
            ) from None


def _known(value: Any, written: Written) -> Any:
    """Return what a template sees of the user data: what is known, and what says that it is not once it is used."""
    if isinstance(value, dict):
        pairs = ((key, _known(item, written)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not NOTHING}
    if isinstance(value, list):
        return [item for item in (_known(one, written) for one in value) if item is not NOTHING]
    if not isinstance(value, Tag):
        return value
    found = resolved(value, written)
    return _Unknown(described(value)) if symbolic(found) else found


def _named(config: Mapping[str, Any], file: str) -> str:
    """Return the path of a template in templates; raises ConfigurationError where a stack names none."""
    handler, path = config.get("template"), config.get("template_path")
    if handler is not None and path is not None:
        raise _problem(
            file, "`template` and `template_path` are both given, and Sceptre takes one", "keep one of them"
        )
    if handler is None and path is None:
        raise _problem(file, "names no template", "write `template: {path: NAME.yaml}`")
    kind = handler.get("type") or "file" if handler else "file"
    if kind != "file":
        message = f"this stack is not covered: its template is of type {kind}, which is not fetched"
        raise _problem(file, message, "keep the template in the project, to have it checked", CHECK)
    name = handler.get("path") if handler else path
    if not isinstance(name, str) or not name:
        raise _problem(file, "the template has no path", "write `template: {path: NAME.yaml}`")
    return name


def _problem(file: str, message: str, hint: str, check: str = "") -> ConfigurationError:
    return ConfigurationError([Problem(file, "template", message, hint, None, check)])
