"""What hooks say before anything runs; tests/e2e/test_hooks.py has what they put where (REQ-C10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.sceptre_plugins.hooks import UploadPackage, UploadPackageToRegions, UploadTemplate
from validator.errors import ConfigurationError
from validator.loader import Loaded, survey

HOME = Path(__file__).parents[2] / "corpus" / "projects" / "good" / "home"


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return survey(HOME)


@pytest.mark.parametrize(
    ("kind", "argument", "message"),
    [
        (UploadTemplate, "agent.yaml", r"the template agent\.yaml does not exist"),
        (UploadTemplate, "../sceptre/config/config.yaml", "does not exist"),
        (UploadPackage, "agent", "agent"),
        (UploadPackageToRegions, "agent", "agent"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_runs(
    kind: Any, argument: str, message: str, loaded: Loaded
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        kind(argument, loaded.sceptre_stacks["staging/control/forwarder"]).check()
