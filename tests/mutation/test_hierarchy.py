"""Mutants of the hierarchy: each value of each environment, written into its config file and loaded (REQ-V3, REQ-V4).

- A shared setting is overridden in one environment with another value of its kind.
- A varying setting goes just outside its declared bound (the nearest value above and below, and the nearest that the
  model takes), and to the ends of what its bound allows: there nothing may be found, by any check.
- What is identity may become another identity, and not another environment's.
- Every further key that Sceptre reads is given in one environment, in its own file and in the workload's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import yaml

from validator.checks.subject import of_problem
from validator.findings import Finding
from validator.loader import survey

from .conftest import Alone
from .hierarchy import Change, config, inside, outside, shared_changes, text_of, together
from .judging import ENVIRONMENTS, Verdict, findings, look, replaced, shares, subject_of, verdict

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated as of 4.0.0")
Record = Callable[[str, object], None]
WORKLOAD = pytest.mark.parametrize("workload", ["orders", "control"])
EVERY = pytest.mark.parametrize("environment", ENVIRONMENTS)
ROLE = "arn:aws:iam::111111111111:role/another"
BESIDE: tuple[dict[str, Any], ...] = (
    {"project_code": "another"},
    {"required_version": ">=4.0.0"},
    {"j2_environment": {"trim_blocks": True}},
    {"sceptre_role": ROLE},
    {"role_arn": ROLE},
    {"iam_role": ROLE},
    {"cloudformation_service_role": ROLE},
    {"sceptre_role_session_duration": 900},
    {"iam_role_session_duration": 900},
    {"profile": "another"},
    {"protect": True},
    {"ignore": True},
    {"obsolete": True},
    {"on_failure": "DELETE"},
    {"stack_timeout": 5},
    {"stack_name": "another"},
    {"notifications": ["arn:aws:sns:us-east-1:111111111111:another"]},
    {"template_bucket_name": "another"},
    {"template_key_prefix": "another"},
    {"template_key_value": "another"},
    {"sceptre_user_data": {"colour": "blue"}},
    {"dependencies": ["prod/orders/keys.yaml"]},
    {"parameters": {"NamePrefix": "another-"}},
    {"parameters": {"Colour": "blue"}},
    {"parameters_inheritance": "override"},
    {"stack_tags": {"CostCenter": "TR-9999"}},
    {"stack_tags": {"Colour": "blue"}},
    {"stack_tags_inheritance": "override"},
    {"workloads": {"orders": {"queue": {"visibility_timeout_seconds": 300}}}},
    {"colour": "blue"},
    {"hooks": {"after_create": ["HOOK"]}},
)
"""What a config file may say beside `settings`; each differs from what the environments share."""


def looked_at(root: Path, changes: Iterable[Change]) -> Iterator[Verdict]:
    """Judge changes in lots, by what is said of the setting of each at loading and by parity; the others by itself."""
    for lot in together(changes):
        found: tuple[Finding, ...] = ()
        if len(lot) > 1:
            with written(root, *lot):
                given = subject_of(survey(root), root)
                found = (*map(of_problem, given.problems), *given.judged)
        for change in lot:
            one = verdict(change.shown, found, [f"settings.{'.'.join(change.key)}"])
            yield one if one.caught else by_itself(root, change)


def by_itself(root: Path, change: Change) -> Verdict:
    with written(root, change):
        return look(root, change.shown, change.named)


def found_with(root: Path, *changes: Change) -> tuple[Finding, ...]:
    with written(root, *changes):
        return findings(root)


def written(root: Path, *changes: Change) -> AbstractContextManager[None]:
    path = root / "sceptre" / "config" / changes[0].environment / changes[0].workload / "config.yaml"
    return replaced(path, text_of(changes))


@EVERY
@WORKLOAD
def test_each_shared_value_changed_in_one_environment_is_caught(
    workload: str, environment: str, alone: Alone, record_property: Record
) -> None:
    verdicts = list(looked_at(alone(workload), shared_changes(workload, environment)))
    shares(record_property, "hierarchy: shared value changed", verdicts)


@EVERY
@WORKLOAD
def test_each_varying_value_outside_its_bound_is_caught(
    workload: str, environment: str, alone: Alone, record_property: Record
) -> None:
    verdicts = list(looked_at(alone(workload), outside(workload, environment)))
    shares(record_property, "hierarchy: varying value outside its bound", verdicts)


@EVERY
@WORKLOAD
def test_each_varying_value_inside_its_bound_passes(
    workload: str, environment: str, alone: Alone, record_property: Record
) -> None:
    """Here a mutant counts when nothing at all is found: of a lot, or else of the mutant by itself."""
    root, verdicts = alone(workload), []
    for lot in together(inside(workload, environment)):
        if not found_with(root, *lot):
            verdicts += [Verdict(change.shown, True) for change in lot]
            continue
        for change in lot:
            found = found_with(root, change)
            verdicts.append(Verdict(change.shown, not found, tuple(one.message for one in found)))
    shares(record_property, "hierarchy: varying value inside its bound (passes)", verdicts)


@EVERY
@pytest.mark.parametrize("level", ["environment", "workload"])
def test_each_key_beside_the_settings_is_caught(
    environment: str, level: str, alone: Alone, record_property: Record
) -> None:
    """Every third key in each environment and level, so that each is tried at both."""
    start = ENVIRONMENTS.index(environment)
    orders = alone("orders")
    folder = orders / "sceptre" / "config" / environment
    path = folder / "config.yaml" if level == "environment" else folder / "orders" / "config.yaml"
    verdicts = []
    for more in itertools.islice(BESIDE, start, None, len(ENVIRONMENTS)):
        text = path.read_text(encoding="utf-8") + yaml.safe_dump(more).replace(
            "HOOK", "!upload_package orders"
        )
        with replaced(path, text):
            named = [name for name in more if name != "parameters_inheritance"] or ["parameters.NamePrefix"]
            verdicts.append(look(orders, f"{environment}, {level}: {more}", named))
    shares(record_property, "hierarchy: key beside the settings", verdicts)


def changed_identity(environment: str, **more: Any) -> str:
    own = config("orders", environment)
    network = {**own["settings"]["network"], "cidr": more.pop("cidr", own["settings"]["network"]["cidr"])}
    return str(yaml.safe_dump({**own, "settings": {**own["settings"], "network": network}, **more}))


@pytest.mark.parametrize(
    ("environment", "change", "named"),
    [
        ("staging", {"cidr": "10.32.0.0/16"}, "settings.network.cidr"),
        ("prod", {"cidr": "10.99.0.0/17"}, "settings.network.cidr"),
        ("dev", {"cidr": "192.168.0.0/16"}, "settings.network.cidr"),
        ("dev", {"region": "eu-north-9"}, "region"),
        ("prod", {"region": "us-west-2"}, "us-west-2"),
        ("staging", {"account": "111111111111"}, "account"),
        ("prod", {"account": "222222222222"}, "account"),
        ("prod", {"account": "33333333333"}, "account"),
    ],
)
def test_what_names_another_environment_or_nothing_is_caught(
    environment: str, change: dict[str, Any], named: str, alone: Alone, record_property: Record
) -> None:
    orders = alone("orders")
    path = orders / "sceptre" / "config" / environment / "orders" / "config.yaml"
    with replaced(path, changed_identity(environment, **change)):
        one = look(orders, f"{environment}: {change}", [named])
    shares(record_property, "hierarchy: identity of another, or of nothing", [one])


@pytest.mark.parametrize(
    ("environment", "change"),
    [
        ("dev", {"cidr": "10.99.0.0/16"}),
        ("staging", {"region": "us-east-1"}),
        ("prod", {"region": "us-east-2"}),
    ],
)
def test_another_identity_of_its_own_passes(
    environment: str, change: dict[str, Any], alone: Alone, record_property: Record
) -> None:
    """Identity is never compared, and everything follows it: names, zones, prefix lists, parts of the network."""
    orders = alone("orders")
    path = orders / "sceptre" / "config" / environment / "orders" / "config.yaml"
    with replaced(path, changed_identity(environment, **change)):
        found = findings(orders)
    one = Verdict(f"{environment}: {change}", not found, tuple(one.message for one in found))
    shares(record_property, "hierarchy: another identity of its own (passes)", [one])


@WORKLOAD
def test_nothing_is_found_in_the_copy_as_it_is(workload: str, alone: Alone) -> None:
    """So that whatever is found of a mutant is found because of what was changed."""
    assert findings(alone(workload)) == ()
