"""The corpus of foreign projects, and small ones made on the spot."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "corpus" / "foreign"
CASES = sorted(path for path in CORPUS.iterdir() if path.is_dir())
GOOD = ("typical", "nested", "flat")
EXPECTED = "expected.json"

TEMPLATE = """\
Parameters:
  Name: {Type: String, Default: x}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Ref Name}
Outputs:
  TopicArn: {Value: !Ref Topic}
"""
ROOT = "project_code: acme\nregion: eu-west-1\n"
STACK = "template: {path: topic.yaml}\n"


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Make a project: a template, a root config file, and `files` by their paths."""
    for name, text in {"templates/topic.yaml": TEMPLATE, "config/config.yaml": ROOT, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return root
