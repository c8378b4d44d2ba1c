"""The runbooks: each is named by what wakes somebody, and every command in them exists (REQ-X5)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import get_args

import botocore.session
import pytest
from botocore import xform_name

from pipelines import cli
from pipelines.state.records import AlertKind
from pipelines.tracking.messages import PAGES

from .template_facts import ROOT

RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
OF_A_DEPLOYMENT = ("break-glass", "deployment", "drift", "rollback", "stuck-lock")
FORM = ["What to look at", "Keep first", "Risk", "Mend"]
"""What those pages have to say, in this order: whoever is woken knows where to look."""
WAITERS = "wait"
NAMED = {"s3api": "s3"}
"""What the AWS command line calls otherwise than the SDK; its own `aws s3` is no service."""


@cache
def operations(service: str) -> frozenset[str]:
    """Return the operations of a service, as the AWS command line names them."""
    model = botocore.session.get_session().get_service_model(NAMED.get(service, service))
    return frozenset(xform_name(name, "-") for name in model.operation_names)


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda path: path.stem)
def test_every_command_of_a_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"(?<![-/\w])lockstep ([a-z]+)\b", text):
        assert name in {*cli.COMMANDS, "sandbox"}, name
    for service, operation in re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)", text):
        if operation != WAITERS and service != "s3":
            assert operation in operations(service), f"aws {service} {operation}"


def test_every_page_is_where_an_alarm_an_alert_or_a_command_leads() -> None:
    """A page that nothing names is found by nobody at night; one that is named is there."""
    alarms = "".join(
        (ROOT / "templates" / f"{name}.yaml").read_text()
        for name in ("agent", "control-monitoring", "gate-monitoring")
    )
    named = set(re.findall(r"\$\{RunbooksUrl\}/([a-z-]+)\.md", alarms))
    named |= {PAGES.get(kind, kind) for kind in get_args(AlertKind)} | set(PAGES.values())
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipelines").rglob("*.py"))
    named |= set(re.findall(r"docs/runbooks/([a-z-]+)\.md", code))
    assert named == {page.stem for page in RUNBOOKS}


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda path: path.stem)
def test_a_page_says_how_it_is_seen_and_how_to_mend_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "**Seen as**: " in text
    assert len(re.findall(r"^## ", text, re.MULTILINE)) >= 2, "what to look at, and what to do"


@pytest.mark.parametrize("name", OF_A_DEPLOYMENT)
def test_a_page_of_a_deployment_has_symptom_commands_what_to_keep_risk_and_mend(name: str) -> None:
    """In one order, each with words of its own; what comes after the mend is left to the page."""
    text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    head, *rest = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    assert re.match(r"# .+\n\n\*\*Seen as\*\*: ", head)
    assert list(sections)[: len(FORM)] == FORM
    assert set(list(sections)[len(FORM) :]) <= {"Afterwards"}
    assert all(len(body.split()) > 15 for body in sections.values())
    for section in ("What to look at", "Mend"):
        assert "lockstep " in sections[section], section
    assert re.search(r"lockstep |`git ", sections["Keep first"])
