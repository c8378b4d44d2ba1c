"""A plan as Markdown, as JSON and as text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import jsonschema
import pytest

from pipelines import cli
from pipelines.commands.plan import expect_same
from pipelines.commands.plan_text import print_plan
from pipelines.plan import markdown
from pipelines.plan.document import approved, document
from pipelines.plan.losses import Irreversible
from pipelines.plan.model import PropertyChange
from validator.errors import FailureError
from validator.reports.markdown import LIMIT

from .values import REPLACED, STATEFUL, change, plan, stack

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan.json").read_text(encoding="utf-8"))
LOST = (Irreversible("prod/orders/table", "Table", "AWS::DynamoDB::Table", "it is new"),)
KEPT = change("remove", "Old", policy="Retain")


def test_a_comment_says_what_is_lost_before_anything_else() -> None:
    """REQ-G7: replacements and data loss called out, each stack folded."""
    text = markdown.render(
        plan(stack(REPLACED, KEPT), stack(name="prod/orders/queue", kind="unchanged")), STATEFUL
    )
    assert text.startswith(
        "<!-- lockstep plan prod forward -->\n### Lockstep plan: prod, 1 replaced, 1 removed\n"
    )
    assert text.index("Data would be lost") < text.index("Left behind") < text.index("<details>")
    assert "<summary><code>prod/orders/table</code> update: 1 replaced, 1 removed</summary>" in text
    assert "<code>TableName</code> <code>a</code> → <code>b</code>" in text
    assert "prod/orders/queue" not in text
    assert text.count("<details>") == text.count("</details>") == 1


@pytest.mark.parametrize(("options", "direction"), [([], "forward"), (["--reverse"], "reverse")])
def test_a_plan_that_cannot_be_made_takes_the_place_of_the_last(
    options: list[str], direction: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-G7: the mark is that of the comment which is replaced; the error is told as it always is, too."""
    command = ["plan", "prod", "--project", str(tmp_path), *options]
    code = cli.run([*command, "--format", "markdown"])
    out, err = capsys.readouterr()
    assert out.startswith(f"<!-- lockstep plan prod {direction} -->\n### Lockstep ")
    assert "there is none of this state\n\n❌ " in out
    assert cli.run(command) == code == cli.USAGE
    plain, again = capsys.readouterr()
    assert (plain, again) == ("", err) and err.startswith("error: ")


def test_why_there_is_no_plan_is_text_alone() -> None:
    """It quotes files of the pull request."""
    text = markdown.unplanned("prod", "forward", "a: <img src=y>\n# d @team [a](http://b)\n" + "x" * 100_000)
    assert not re.search(r"<img|@team|\]\(http|^# d", text, re.MULTILINE)
    assert len(text) < LIMIT


def test_nothing_that_is_quoted_is_markup() -> None:
    """Names and values are text: no tag, link, mention or table of their own."""
    hostile = "x</code><img src=y>@team [a](http://b) | `c`\n# d"
    found = change(
        logical_id=hostile, physical_id=hostile, properties=(PropertyChange(hostile, "never", hostile, "v"),)
    )
    text = markdown.render(
        plan(stack(found, name=hostile, reason=hostile, note=hostile, problem=hostile)), STATEFUL, LOST
    )
    assert "<img" not in text
    assert "@team" not in text
    assert "](http" not in text
    assert not re.search(r"^# d", text, re.MULTILINE)


def test_a_comment_fits_and_says_what_is_cut() -> None:
    """Of at most 65,536 characters, whatever the plan; folds stay closed."""
    wide = tuple(
        change(logical_id=f"Table{number}", properties=REPLACED.properties * 20) for number in range(400)
    )
    text = markdown.render(plan(*[stack(*wide, name=f"prod/orders/s{n}") for n in range(3)]), STATEFUL)
    assert 60_000 < len(text) <= LIMIT
    assert re.search(r"and \d+ more change", text)
    assert "2 more stacks with 800 changes" in text
    assert text.count("<details>") == text.count("</details>")
    many = plan(*[stack(REPLACED, name=f"prod/orders/{'n' * 150}{n}") for n in range(600)])
    text = markdown.render(many, STATEFUL, LOST * 600)
    assert len(text) <= LIMIT
    assert re.search(r"And \d+ more stacks", text)


def test_the_document_keeps_its_schema() -> None:
    """And gives back the digests that --expect compares with."""
    found = plan(stack(REPLACED, KEPT, change("add", "New")), direction="reverse")
    written = {"schema": "lockstep/plan/v1", **document(found, STATEFUL, LOST)}
    jsonschema.Draft202012Validator(SCHEMA).validate(written)
    assert written["losses"][0]["name"] == "prod/orders/table/Table"
    assert written["left_behind"][0]["name"] == "prod/orders/table/Old"
    assert approved(json.dumps(written)) == (found.digest, {"prod/orders/table": found.stacks[0].digest})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "lockstep/check/v1", "digest": "", "stacks": []}']
)
def test_anything_else_is_no_plan(text: str) -> None:
    with pytest.raises(ValueError, match="is no plan"):
        approved(text)


def test_another_plan_than_expected_names_its_stacks() -> None:
    """REQ-G7: what was planned is what may be executed; else it stops, and says where."""
    found, before = plan(stack(REPLACED)), stack()
    expect_same(found, found.digest, {})
    with pytest.raises(FailureError, match="prod/orders/table: it, or what would change in it"):
        expect_same(found, plan(before).digest, {before.name: before.digest})
    with pytest.raises(FailureError, match="which stacks differ is told where --expect names the file"):
        expect_same(found, plan(before).digest, {})


def test_the_text_names_losses_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """And counts what changes in tags alone, instead of listing it."""
    tags = change(logical_id="Tagged", scope=("Tags",))
    print_plan(plan(stack(REPLACED, KEPT, tags), stack(name="prod/orders/api", problem="no")), STATEFUL, LOST)
    text = click.unstyle(capsys.readouterr().out)
    assert "data loss: prod/orders/table/Table (AWS::DynamoDB::Table) would be replaced" in text
    assert "left behind: prod/orders/table/Old" in text
    assert "cannot be undone: prod/orders/table/Table" in text
    assert "cannot be planned: prod/orders/api: no" in text
    assert "1 retagged, 1 replaced, 1 removed" in text
    assert "Tagged" not in text
