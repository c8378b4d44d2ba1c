"""Templates are read by libyaml where Python has it: ministack's own reader takes a seventh of a deployment's time.

What comes out is the same: the tags and resolvers are ministack's.
"""

from __future__ import annotations

from typing import Any

import yaml

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

LOADER = Name("services.cloudformation.engine", "CfnLoader")


def in_c(original: Any) -> Any:
    """Return a loader on libyaml that makes what the original one makes."""
    if not yaml.__with_libyaml__:
        return original
    kept = ("yaml_constructors", "yaml_multi_constructors", "yaml_implicit_resolvers", "yaml_path_resolvers")
    return type("CfnLoader", (yaml.CSafeLoader,), {name: getattr(original, name) for name in kept})


EXTENSION = Extension(
    name="template_parsing",
    claims=(emulated("Templates", "JSON, and YAML with the short forms of functions"),),
    names=(LOADER,),
    install=lambda: replace(LOADER, in_c),
)
