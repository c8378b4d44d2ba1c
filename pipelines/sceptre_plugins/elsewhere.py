"""What the hierarchy says outside a stack's own folders: the home, and the accounts of environments. Reads files.

Plain `sceptre launch dev` reads no other environment's files, so these are read here, as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from validator.config_reader import read_text
from validator.environments import SHARED, refuse_unknown
from validator.errors import ConfigurationError
from validator.layout import CONFIG, Layout
from validator.settings import HOMES, WorkloadSettings
from validator.settings.build import inherited, merge, validate
from validator.strict_yaml import parse


def accounts_of(root: Path, environments: str) -> list[str]:
    """Return the account ids of environments, each id once: an environment's own first and then its workloads'.

    `environments` are names with blanks between them; `shared` is the home. Raises ConfigurationError where there is no
    such environment, it has no account, or a file cannot be read.
    """
    layout = Layout(root)
    names = environments.split()
    refuse_unknown([name for name in names if name != SHARED] or [environments], layout.environments())
    return list(dict.fromkeys(account for name in names for account in _accounts(layout, name)))


def _accounts(layout: Layout, environment: str) -> list[str]:
    folder = layout.config / environment
    files = sorted(folder.rglob(CONFIG), key=lambda path: (len(path.parts), path))
    given = [account for path in files if (account := _read(layout, path).get("account"))]
    if not given:
        file = layout.relative(folder / CONFIG)
        hint = "give the environment its account here, as text in quotes"
        raise ConfigurationError.single("is missing", file=file, key="account", hint=hint)
    return list(dict.fromkeys(str(account) for account in given))


def home_of(root: Path, workload: str, shared: Mapping[str, Any]) -> WorkloadSettings:
    """Return the settings of a workload's home; `shared` is what the root gives the workload.

    Raises ConfigurationError where it has none, or something is wrong in them.
    """
    layout = Layout(root)
    model = HOMES.get(workload)
    if model is None:
        hint = f"these have one: {', '.join(HOMES)}"
        raise ConfigurationError.single(f"{workload} has nothing in sceptre/config/{SHARED}", hint=hint)
    group = layout.config / SHARED / workload / CONFIG
    above = _read(layout, layout.config / SHARED / CONFIG)
    own = _read(layout, group)
    raw = merge(inherited(SHARED, workload, shared), own.get("settings") or {})
    raw |= {"environment": SHARED, "workload": workload}
    raw |= {key: given[key] for given in (above, own) for key in ("account", "region") if key in given}
    file = layout.relative(group)
    return validate(model, raw, lambda path: (file, ".".join(("settings", *path)), None))


def _read(layout: Layout, path: Path) -> Mapping[str, Any]:
    """Return what a config file holds."""
    file = layout.relative(path)
    found = parse(read_text(path, file), file).value or {}
    if not isinstance(found, Mapping):
        hint = "write `key: value` lines"
        raise ConfigurationError.single("the file holds no mapping", file=file, hint=hint)
    return found
