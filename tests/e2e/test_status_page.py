"""The page of `lockstep status --html`, looked at in a real browser (REQ-X3).

Its board is read from a state table that holds every stack of this repository, StackSet instances, drift, an alert, and
names that try to break the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.board import Board, recorded_board
from pipelines.commands.status_page import render_page
from pipelines.state.records import Alert, Census, Check, DriftSummary, StackKey, StackState, Uncovered
from pipelines.state.sequence import observed_seq
from pipelines.state.store import StateStore
from pipelines.workspace import Workspace
from tests.e2e import browser
from tests.e2e.commands import ROOT
from tests.e2e.conftest import Client
from tests.state_table import create_state_table
from validator.model import Stack

pytestmark = pytest.mark.xdist_group("browser")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "<img src=http://192.0.2.1/x onerror=alert(1)><script>alert(1)</script>"
LONG = "v1.0.0-" + "w" * 120
INSTANCE = "StackSet-dev-control-agent-0f3c2a10-1111-4222-8333-123456789abc"
VIEWS = [(1280, False), (1280, True), (400, False), (400, True)]


def state_of(stack: Stack, **changes: Any) -> StackState:
    """Return what an agent would have recorded of a stack that was deployed as it is checked out."""
    key = StackKey(stack.workload, stack.environment, stack.account, stack.region, stack.external_name)
    stack_id = f"arn:aws:cloudformation:{stack.region}:{stack.account}:stack/{stack.external_name}/1"
    at = NOW - timedelta(minutes=30)
    state = StackState(
        key=key,
        stack_id=stack_id,
        status="CREATE_COMPLETE",
        reason="",
        version="v1.0.0",
        commit="a" * 40,
        released_at=at.isoformat(),
        operation_at=at,
        observed_at=at,
        recorded_at=at,
        observed_seq=observed_seq(at, "CREATE_COMPLETE", stack_id),
        template_digest="sha256:1",
        digest=stack.digest,
        parameters={},
        tags={},
    )
    return replace(state, **changes)


@dataclass(frozen=True, slots=True)
class View:
    """The page as it was opened in one width and one colour scheme."""

    page: browser.Page
    url: str
    board: Board
    width: int
    dark: bool


@pytest.fixture(scope="module")
def board(client: Client) -> Board:
    """Record every stack of the repository, and read the board."""
    dynamodb = client("dynamodb", account="900000000001", region="us-west-2")
    create_state_table(dynamodb, "status-page")
    store, project = StateStore(dynamodb, "status-page"), Workspace(ROOT).project()
    first, second, third, *rest = project.of("prod")
    for stack in (*rest, *(one for one in project.stacks if one.environment != "prod")):
        store.record_state(state_of(stack))
    store.record_state(state_of(second, version=LONG, commit="", digest="sha256:other"))
    store.record_state(state_of(third, status="UPDATE_ROLLBACK_FAILED", version=HOSTILE))
    uncovered = (Uncovered("Policy", "AWS::SQS::QueuePolicy"),)
    drift = DriftSummary("d1", "drifted", 3, uncovered, (), 2, NOW, "sha256:2")
    store.record_drift(state_of(second).key, drift)
    for region in ("us-east-2", "us-west-2"):
        key = StackKey("control", "dev", "111111111111", region, INSTANCE)
        store.record_state(replace(state_of(first), key=key))
    store.put_check(
        Check(first.workload, "prod", NOW, "v1.0.0", "inconsistent", ({"message": f"{first.name}: is gone"},))
    )
    for account, region in {(one.account, one.region) for one in project.stacks}:
        store.record_census(Census(account, region, NOW, 1))
    alert = Alert(
        "drift/x", "drift", "prod", "orders", "critical", "found", 1, "d", HOSTILE, "", "{}", NOW, NOW
    )
    store.raise_alert(alert)
    return recorded_board(project, store, None, NOW)


@pytest.fixture(scope="module")
def opened() -> Iterator[browser.Page]:
    """Return the page of a browser of this module's own."""
    with browser.page() as page:
        yield page


@pytest.fixture(params=VIEWS, ids=lambda view: f"{view[0]}-{'dark' if view[1] else 'light'}")
def view(request: pytest.FixtureRequest, board: Board, opened: browser.Page, tmp_path: Path) -> View:
    """Open the page."""
    width, dark = request.param
    file = tmp_path / "status.html"
    file.write_text(render_page(board), encoding="utf-8")
    opened.open(file.as_uri(), width=width, dark=dark)
    return View(opened, file.as_uri(), board, width, dark)


def test_it_fetches_nothing_and_complains_of_nothing(view: View) -> None:
    """Its own file is all that it asks for; a script or a picture in a name is text."""
    assert view.page.requests() == [view.url]
    assert view.page.complaints() == []
    assert view.page.evaluate("document.querySelectorAll('script, img, link, iframe').length") == 0
    assert view.page.evaluate("document.body.innerText.includes('<script>alert(1)</script>')") is True


VISIBLE = """[...document.querySelectorAll('tbody tr')].map(line => {
  const seen = node => { const box = node.getBoundingClientRect(); return box.width > 0 && box.height > 0 };
  const name = line.querySelector('th code');
  return name && seen(name) ? [name.innerText, [...line.querySelectorAll('.cell')].filter(seen).length] : null;
}).filter(Boolean)"""


def test_every_stack_is_visible(view: View) -> None:
    """Each with a cell for each environment and region that it is in."""
    wanted: dict[str, int] = {}
    for row in view.board.rows:
        name = f"{row.workload}/{row.stack}"
        wanted[name] = wanted.get(name, 0) + 1
    assert len(wanted) > 40
    assert dict(view.page.evaluate(VISIBLE)) == wanted


CELLS = "[...document.querySelectorAll('.cell')].map(cell => cell.innerText)"


def test_a_cell_says_version_commit_age_and_drift(view: View) -> None:
    """In words that are apart from one another; what is wrong stands beside them."""
    cells = view.page.evaluate(CELLS)
    assert "ok v1.0.0 aaaaaaa 30m\nus-east-1, drift not checked" in cells
    assert f"differs {LONG} 30m 2 drifted\neu-west-1, drifted, 1 not covered" in cells
    assert "missing undeclared difference\neu-west-1, drift not checked" in cells


OVERFLOWING = """[...document.querySelectorAll('body *')].filter(node => {
  const box = node.getBoundingClientRect();
  const outside = box.right > innerWidth + 0.5 || box.left < 0;
  return outside || node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1;
}).map(node => node.outerHTML.slice(0, 120))"""


def test_no_text_overflows(view: View) -> None:
    """Nothing is outside of the window or of its own box, so that nothing has to be moved aside to be read."""
    assert view.page.evaluate("innerWidth") == view.width
    assert view.page.evaluate("document.documentElement.scrollWidth") <= view.width
    assert view.page.evaluate(OVERFLOWING) == []


CONTRAST = """(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = text => {
    const [red, green, blue] = parts(text).map(part => linear(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue };
  const ground = node => { const colour = getComputedStyle(node).backgroundColor;
    return parts(colour)[3] === 0 ? ground(node.parentElement) : colour };
  const worst = {};
  for (const node of document.querySelectorAll('body, body *')) {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.data.trim())) continue;
    const [low, high] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => a - b);
    const name = `${node.tagName} ${node.className}`;
    worst[name] = Math.min(worst[name] ?? 99, (high + 0.05) / (low + 0.05));
  }
  return {ground: light(getComputedStyle(document.body).backgroundColor), worst};
})()"""
READABLE = 4.5
"""The least contrast of text, WCAG 2.2, 1.4.3 (AA)."""


def test_it_follows_the_colour_scheme_and_can_be_read_in_it(view: View) -> None:
    found = view.page.evaluate(CONTRAST)
    assert found["ground"] < 0.05 if view.dark else found["ground"] > 0.9
    assert {name: ratio for name, ratio in found["worst"].items() if ratio < READABLE} == {}
    assert len(found["worst"]) > 8, json.dumps(found)
