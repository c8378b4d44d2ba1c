"""Which modules of the project a package's own modules import, found in their text; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from validator.errors import ConfigurationError

ROOTS = ("functions", "pipelines", "validator")
"""The packages of the project that Lambda code may consist of."""
REFUSED = frozenset({"cfnlint", "click", "rich", "sceptre"})
"""What belongs to the command line and to rendering: too large for a function, and not in any of their locks."""
DATA = ("*.json", "*.yaml")
BLOCKS = ("body", "handlers", "cases", "orelse", "finalbody")
"""Where a statement, or a part of one, holds further statements."""

Imports = tuple[tuple[str, tuple[str, ...]], ...]
"""Each imported module, absolute, with the names that are taken from it, which may be modules too."""


def closure(root: Path, paths: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return `paths` with every module that they import from the project, and the data files beside those, by path.

    A module's parents belong to it, since Python runs them first; so does what a function imports when it runs.
    What stands under `if TYPE_CHECKING` is no import. Data files belong to a package's folder below the root's own:
    directly in `pipelines/` lie the policies of the repository, which no function reads from its package.
    Raises `ConfigurationError`, with the chain of imports, for a library in `REFUSED` and for a module that is missing.
    """
    found: dict[str, bytes] = dict(paths)
    chains: dict[str, tuple[str, ...]] = {path: (path,) for path in paths}
    queue = sorted(paths)
    module = cache(lambda path: _module(root, path))
    while queue:
        path = queue.pop(0)
        for name, taken in _imports(found[path], _package(path)):
            for other in _files(module, name, taken, chains[path]):
                if other not in found:
                    found[other] = (root / other).read_bytes()
                    chains[other] = (*chains[path], other)
                    queue.append(other)
    folders = {other.rpartition("/")[0] for other in found.keys() - paths.keys() if other.count("/") > 1}
    folders |= {path.rpartition("/")[0] for path in paths if path.count("/") > 1}
    for file in (file for folder in folders for kind in DATA for file in (root / folder).glob(kind)):
        found[file.relative_to(root).as_posix()] = file.read_bytes()
    return found


def _package(path: str) -> tuple[str, ...]:
    """Return the package that a module's relative imports begin at."""
    return tuple(path.split("/")[:-1])


@lru_cache(maxsize=1024)
def _imports(content: bytes, package: tuple[str, ...]) -> Imports:
    found: list[tuple[str, tuple[str, ...]]] = []
    for node in _statements(ast.parse(content).body):
        if isinstance(node, ast.Import):
            found += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            name = ".".join((*base, *filter(None, [node.module])))
            found.append((name, tuple(alias.name for alias in node.names)))
    return tuple(found)


def _statements(block: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield every statement but those that only a type checker reads; expressions hold no imports."""
    for node in block:
        yield node
        for name in BLOCKS:
            if name != "body" or not (isinstance(node, ast.If) and _is_for_types(node.test)):
                yield from _statements(getattr(node, name, ()))


def _is_for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _files(
    module: Callable[[str], str | None], name: str, taken: tuple[str, ...], chain: tuple[str, ...]
) -> Iterator[str]:
    """Yield the files of an imported module, of its parents, and of what is taken from it that is a module."""
    top = name.split(".", 1)[0]
    if top in REFUSED:
        raise _refused(chain, name, f"a function cannot hold {top}", "let the function import less of that")
    if top not in ROOTS:
        return
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        file = module("/".join(parts[:length]))
        if file is None:
            raise _refused(chain, name, "there is no such module", "correct the import")
        yield file
    yield from filter(None, (module("/".join((*parts, each))) for each in taken))


def _module(root: Path, path: str) -> str | None:
    for file in (f"{path}/__init__.py", f"{path}.py"):
        if (root / file).is_file():
            return file
    return None


def _refused(chain: tuple[str, ...], name: str, what: str, hint: str) -> ConfigurationError:
    way = " -> ".join((*chain, name))
    return ConfigurationError.single(f"{what}: {way}", file=chain[-1], key=name, hint=hint)
