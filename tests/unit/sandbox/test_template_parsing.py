"""The quick reader of templates makes what ministack's own makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ministack.services.cloudformation import engine

from sandbox.extension.template_parsing import in_c

TEMPLATES = sorted((Path(__file__).parents[3] / "templates").glob("*.yaml"))
ODD = "{A: 2012-10-17, B: 010, C: yes, D: !GetAtt a.b.c, E: !Sub [x, {y: !Ref z}], F: 0x1f, G: ~, H: 1_000}"
MERGED = "A: &a {k: v}\nB: *a\nC: {<<: *a, z: 1}\nD: !GetAtt [a, b]\nE: !If [c, !Select [0, !GetAZs ''], x]"


class Own(yaml.SafeLoader):
    """ministack's loader as it is before it is replaced, whatever ran before this test."""

    yaml_constructors = engine.CfnLoader.yaml_constructors


def read(text: str, loader: Any) -> Any:
    return yaml.load(text, Loader=loader)  # noqa: S506 - both loaders are safe


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_is_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert repr(read(text, in_c(Own))) == repr(read(text, Own))


@pytest.mark.parametrize("text", [ODD, MERGED])
def test_what_is_read_in_a_way_of_its_own_is_the_same(text: str) -> None:
    assert repr(read(text, in_c(Own))) == repr(read(text, Own))


@pytest.mark.parametrize("text", ["A: [", "A: b: c", "A: !Nope x", "A: *none"])
def test_what_cannot_be_read_is_the_same_kind_of_error(text: str) -> None:
    kinds = []
    for loader in (Own, in_c(Own)):
        with pytest.raises(yaml.YAMLError) as caught:
            read(text, loader)
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]
