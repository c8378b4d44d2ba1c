"""Typed settings: merging, needless values, sizes, networks (REQ-P1, P2, P4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.test_bad_projects import PROJECTS, assemble
from validator.loader import load
from validator.settings.base import Grows
from validator.settings.build import leaves, merge, redundant, repeated
from validator.settings.orders import OrdersSettings, Trades
from validator.settings.rules import growing, overlapping, sizes

SCALARS = st.one_of(st.integers(), st.booleans(), st.text(max_size=3), st.none())
TREES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), SCALARS, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.one_of(SCALARS, inner), max_size=3),
    max_leaves=8,
)


@settings(
    suppress_health_check=[HealthCheck.too_slow], deadline=None
)  # a busy machine is no fault of the law
@given(TREES, TREES)
def test_the_own_value_wins_everywhere(shared: dict[str, Any], own: dict[str, Any]) -> None:
    """Every leaf of the environment's part stands in the result."""
    merged = merge(shared, own)
    for path, value in leaves(own).items():
        if value == {}:
            continue
        found: Any = merged
        for part in path:
            found = found[part]
        assert found == value


@given(TREES)
def test_merging_with_nothing_changes_nothing(tree: dict[str, Any]) -> None:
    """An environment without values of its own has the shared ones; and a merge with itself is itself."""
    assert merge(tree, {}) == tree
    assert merge(tree, tree) == tree


@given(TREES, TREES)
def test_redundant_overrides_are_those_that_can_go(shared: dict[str, Any], own: dict[str, Any]) -> None:
    """Exactly the leaves that the shared part has with the same type and value are named."""
    named = set(redundant(shared, own))
    both = leaves(shared).keys() & leaves(own).keys()
    same = {p for p in both if repr(leaves(shared)[p]) == repr(leaves(own)[p])}
    assert named == same


def test_true_is_not_one() -> None:
    """YAML's `true` beside `1` is a change."""
    assert redundant({"a": 1}, {"a": True}) == []
    assert redundant({"a": 1}, {"a": 1}) == [("a",)]


def test_a_value_that_all_environments_repeat_is_named() -> None:
    """It belongs to the shared part."""
    assert repeated([{"a": {"b": 1}}, {"a": {"b": 1}}, {"a": {"b": 1}}]) == [("a", "b")]
    assert repeated([{"a": {"b": 1}}, {"a": {"b": 1}}, {"a": {"b": 2}}]) == []
    assert repeated([{"a": 1}]) == []


def test_needless_values_are_reported_with_their_place(tmp_path: Path) -> None:
    """An override that changes nothing, and one that every environment repeats (REQ-P1)."""
    root = assemble_with(tmp_path, "    retention_days: 365", "    retention_days: 365\n  order_api_extra: 1")
    config = root / "sceptre/config/prod/orders/config.yaml"
    text = config.read_text(encoding="utf-8").replace("  order_api_extra: 1\n", "")
    config.write_text(
        text.replace("  order_api:\n", "  order_api:\n    timeout_seconds: 10\n"), encoding="utf-8"
    )
    (warning,) = load(root).project.warnings
    assert warning.file == "sceptre/config/prod/orders/config.yaml"
    assert warning.key == "settings.order_api.timeout_seconds"
    assert warning.line == 14
    assert "remove" in warning.hint

    for environment in ("dev", "staging", "prod"):
        config = root / f"sceptre/config/{environment}/orders/config.yaml"
        text = config.read_text(encoding="utf-8").replace("    timeout_seconds: 10\n", "")
        config.write_text(
            text.replace("  queue:\n", "  artifacts:\n    noncurrent_days: 31\n  queue:\n"), encoding="utf-8"
        )
    (warning,) = load(root).project.warnings
    assert warning.key == "settings.artifacts.noncurrent_days"
    assert "workloads.orders" in warning.hint


def assemble_with(tmp_path: Path, old: str, new: str) -> Path:
    """Return a copy of the good project with one replacement in prod's settings."""
    empty = tmp_path / "case"
    empty.mkdir()
    (empty / "case.json").write_text('{"remove": []}', encoding="utf-8")
    root = assemble(empty, tmp_path / "project")
    config = root / "sceptre/config/prod/orders/config.yaml"
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def settings() -> dict[tuple[str, str], OrdersSettings]:
    found = load(PROJECTS / "good" / "base").settings
    return {place: value for place, value in found.items() if isinstance(value, OrdersSettings)}


def test_derived_values_follow_the_environment(settings: dict[tuple[str, str], OrdersSettings]) -> None:
    """Names, paths and units are derived once (REQ-P5, P7)."""
    prod = settings["prod", "orders"]
    assert prod.name_prefix == "prod-orders-"
    assert prod.name_suffix == ""
    assert prod.model_copy(update={"suffix": "blue"}).name_suffix == "-blue"
    assert prod.parameter_root == "/orders/prod"
    assert prod.deploy_role_arn == "arn:aws:iam::333333333333:role/prod-lockstep-deploy"
    assert prod.queue.retention_seconds == 14 * 86_400
    assert prod.trades.expiration_days == 0
    assert settings["dev", "orders"].trades.expiration_days == 30


@pytest.mark.parametrize(
    ("tier", "days", "storage_tier"),
    [
        ("none", None, "none"),
        ("infrequent_access", 90, "infrequent_access"),
        ("intelligent", 365, "intelligent"),
        ("intelligent", 366, "intelligent_archive"),
        ("intelligent", None, "intelligent_archive"),
    ],
)
def test_only_what_is_kept_longer_than_a_year_is_archived(
    tier: str, days: int | None, storage_tier: str
) -> None:
    """REQ-P11: GLACIER after 365 days where data is kept longer."""
    trades = Trades.model_validate({"tier": tier, "retention_days": days})
    assert trades.storage_tier == storage_tier


def test_every_growing_field_is_compared(settings: dict[tuple[str, str], OrdersSettings]) -> None:
    """Shrinking any size in prod below staging is found, at its path; nothing else is."""
    assert list(growing(settings)) == []
    paths = sizes(settings["prod", "orders"])
    assert ("trades", "retention_days") in paths
    assert len(paths) > 10
    for path in paths:
        broken = {**settings, ("prod", "orders"): with_value(settings["prod", "orders"], path, 0)}
        assert [found for _, found, _ in growing(broken)] == [path]


def with_value(model: Any, path: tuple[str, ...], value: object) -> Any:
    """Return a copy of a model with one value replaced, unvalidated."""
    first, *rest = path
    return model.model_copy(
        update={first: with_value(getattr(model, first), tuple(rest), value) if rest else value}
    )


def test_without_end_is_the_largest(settings: dict[tuple[str, str], OrdersSettings]) -> None:
    """`null` retention in staging and a number in prod shrinks."""
    broken = {
        **settings,
        ("staging", "orders"): with_value(settings["staging", "orders"], ("trades", "retention_days"), None),
        ("prod", "orders"): with_value(settings["prod", "orders"], ("trades", "retention_days"), 365),
    }
    assert [path for _, path, _ in growing(broken)] == [("trades", "retention_days")]


def test_networks_that_touch_are_apart_and_those_inside_each_other_are_not(
    settings: dict[tuple[str, str], OrdersSettings],
) -> None:
    """REQ-P4: every pair is compared."""
    assert list(overlapping(settings)) == []
    same = {
        **settings,
        ("prod", "orders"): with_value(settings["prod", "orders"], ("network", "cidr"), "10.33.0.0/16"),
    }
    ((place, path, problem),) = overlapping(same)
    assert {place, path} == {("staging", "orders"), ("network", "cidr")}
    assert "10.33.0.0/16 overlaps 10.33.0.0/16 of prod/orders" in problem.message


def test_grows_is_a_marker_and_no_value() -> None:
    """Two markers are the same marker."""
    assert Grows() == Grows()
