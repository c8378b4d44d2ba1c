"""Deploying without gates needs a reason that says something, since it is kept (REQ-G6)."""

from __future__ import annotations

import pytest

from pipelines.commands.deploy import refuse_options
from validator.errors import ConfigurationError


@pytest.mark.parametrize("reason", ["", " ", "\t\n", "\u200b", "..."])
@pytest.mark.parametrize("environment", ["dev", "prod", "shared"])
def test_a_blank_reason_is_none(environment: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="kept with its reason"):
        refuse_options(environment, None, False, reason)


def test_a_reason_is_taken() -> None:
    refuse_options("prod", None, False, "incident 4711")
    refuse_options("dev", None, False, None)
    with pytest.raises(ConfigurationError, match="only a release enters prod"):
        refuse_options("prod", None, False, None)
