"""What StackSets change in their stacks is in no change set, and in the plan all the same (REQ-R3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.plan.losses import losses
from pipelines.plan.schemas import recreation
from pipelines.plan.stack_sets import Unknown, rendered_body, within
from pipelines.sceptre_plugins.file_resolvers import template_key
from validator.effective import Context, EffectiveResource, evaluate, parse

from .values import STATEFUL

OWNER = """
Parameters: {Regions: {Type: CommaDelimitedList}, Bucket: {Type: "AWS::SSM::Parameter::Value<String>"}}
Resources:
  Storage:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: dev-storage
      TemplateURL: !Sub "https://${Bucket}.s3.amazonaws.com/templates/KEY"
      Parameters: [{ParameterKey: Suffix, ParameterValue: a}, {ParameterKey: Days, ParameterValue: 30}]
      StackInstancesGroup:
        - DeploymentTargets: {Accounts: [!Ref "AWS::AccountId"]}
          Regions: !Ref Regions
"""
STORAGE = """
Parameters: {Suffix: {Type: String}, Days: {Type: Number}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "data-${AWS::Region}-${Suffix}"}
"""


def owner(regions: str = "us-west-2,eu-west-1", text: str = OWNER) -> Any:
    context = Context(account="111111111111", region="us-east-1", stack_name="lockstep-dev-control-storage")
    return evaluate(parse(text, "o.yaml"), {"Regions": regions, "Bucket": "/artifacts"}, context).resources


def changes(before: Any, after: Any, old: str = STORAGE, new: str = STORAGE) -> dict[str, str]:
    found = within("dev/control/storage", (before, lambda _: old), (after, lambda _: new), recreation)
    return {change.name: change.kind for change in found}


def test_the_same_template_and_places_change_nothing() -> None:
    assert changes(owner(), owner()) == {}


def test_a_replacement_is_told_in_each_place() -> None:
    """And is a loss of the stack that has the StackSet."""
    new = STORAGE.replace("data-", "files-")
    found = changes(owner("us-west-2"), owner("us-west-2"), new=new)
    name = "dev/control/storage/Storage.111111111111.us-west-2.Bucket"
    assert found == {name: "replaced"}
    before, after = (owner("us-west-2"), lambda _: STORAGE), (owner("us-west-2"), lambda _: new)
    (loss,) = losses(within("dev/control/storage", before, after, recreation), STATEFUL)
    assert (loss.name, loss.action) == (name, "replaced")


def test_places_that_come_and_go() -> None:
    """A region that is left loses what its stack had; so does everything where the StackSet goes."""
    found = changes(owner("us-west-2"), owner("eu-west-1"))
    assert found == {
        "dev/control/storage/Storage.111111111111.eu-west-1.Bucket": "added",
        "dev/control/storage/Storage.111111111111.us-west-2.Bucket": "removed",
    }
    assert set(changes(owner(), {}).values()) == {"removed"}


def test_a_parameter_that_the_stack_set_passes_on() -> None:
    """Also one that is overridden for a group of places."""
    other = OWNER.replace("ParameterValue: a", "ParameterValue: b")
    assert set(changes(owner(), owner(text=other)).values()) == {"replaced"}
    overridden = f"{OWNER}          ParameterOverrides: [{{ParameterKey: Suffix, ParameterValue: c}}]\n"
    assert set(changes(owner(), owner(text=overridden)).values()) == {"replaced"}


def test_what_is_not_known_is_not_nothing() -> None:
    """Nobody can tell what would be lost: that is said, and never taken for nothing."""
    with pytest.raises(Unknown, match="what changes in the stacks of Storage is not known"):
        within("s", (owner(), lambda _: None), (owner(), lambda _: STORAGE), recreation)
    later = OWNER.replace("!Ref Regions", '!Split [",", !Ref Bucket]')
    with pytest.raises(Unknown, match="its accounts and regions are known only once deployed"):
        changes(owner(), owner(text=later))


def test_the_rendered_template_is_found_by_its_key(tmp_path: Path) -> None:
    """As `!template_key` names it; another key finds none."""
    (tmp_path / "storage.yaml").write_text(STORAGE, encoding="utf-8")
    find = rendered_body(tmp_path)
    key = template_key(STORAGE.encode())
    (found,) = owner(text=OWNER.replace("templates/KEY", key)).values()
    assert find(found) == STORAGE
    (other,) = owner().values()
    assert isinstance(other, EffectiveResource)
    assert find(other) is None
