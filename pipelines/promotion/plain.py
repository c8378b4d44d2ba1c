"""A policy as plain values, as JSON keeps it: for functions, which hold nothing that reads the policy's file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .freezes import Freeze, Once, Weekly, Window
from .policy import Policy, Rule


def to_plain(policy: Policy) -> list[dict[str, Any]]:
    """Return the rules in their order; times are seconds, or what the clocks of a named zone show."""
    return [
        {
            "environment": rule.environment,
            "source": rule.source,
            "branch": rule.branch,
            "gates": list(rule.gates),
            "soak": rule.soak.total_seconds(),
            "approvals": rule.approvals,
            "freezes": [_plain_freeze(one) for one in rule.freezes],
            "drill_age": {name: age.total_seconds() for name, age in sorted(rule.drill_age.items())},
            "stateful": sorted(rule.stateful),
            "signed_commits": rule.signed_commits,
        }
        for rule in policy.rules
    ]


def from_plain(rules: list[dict[str, Any]]) -> Policy:
    """Return the policy of plain values. Raises KeyError, TypeError and ValueError for what is none."""
    return Policy(
        tuple(
            Rule(
                environment=rule["environment"],
                source=rule["source"],
                branch=rule["branch"],
                gates=tuple(rule["gates"]),
                soak=timedelta(seconds=rule["soak"]),
                approvals=rule["approvals"],
                freezes=tuple(map(_freeze, rule["freezes"])),
                drill_age={name: timedelta(seconds=age) for name, age in rule["drill_age"].items()},
                stateful=frozenset(rule["stateful"]),
                signed_commits=rule["signed_commits"],
            )
            for rule in rules
        )
    )


def _plain_freeze(freeze: Freeze) -> dict[str, Any]:
    found = {"name": freeze.name, "reason": freeze.reason, "environments": sorted(freeze.environments)}
    return {**found, **_plain_window(freeze.window)}


def _plain_window(window: Window) -> dict[str, Any]:
    if isinstance(window, Weekly):
        begins, ends = ([day, clock.isoformat()] for day, clock in (window.begins, window.ends))
        return {"weekly": [begins, ends], "zone": window.zone.key}
    if isinstance(window, Once) and isinstance(window.begins.tzinfo, ZoneInfo):
        local = [one.replace(tzinfo=None).isoformat() for one in (window.begins, window.ends)]
        return {"once": local, "zone": window.begins.tzinfo.key}
    raise TypeError(f"{type(window).__name__} has no plain form, or no named zone")


def _freeze(values: Mapping[str, Any]) -> Freeze:
    return Freeze(values["name"], values["reason"], frozenset(values["environments"]), _window(values))


def _window(values: Mapping[str, Any]) -> Window:
    zone = ZoneInfo(values["zone"])
    if "weekly" in values:
        begins, ends = ((day, time.fromisoformat(clock)) for day, clock in values["weekly"])
        return Weekly(begins, ends, zone)
    begin, end = (datetime.fromisoformat(one).replace(tzinfo=zone) for one in values["once"])
    return Once(begin, end)
