"""Settings from Parameter Store."""
# ruff: noqa: N803 - the arguments are called as boto3 calls them

from __future__ import annotations

from typing import Any

import pytest

from functions.orders.settings import SettingsError, read_settings


class FakeSSM:
    def __init__(self, **parameters: str) -> None:
        self.parameters = {
            f"/orders/dev/{name.replace('_', '/')}": value for name, value in parameters.items()
        }
        self.calls = 0

    def get_parameters(self, *, Names: list[str]) -> dict[str, Any]:
        self.calls += 1
        found = [{"Name": name, "Value": self.parameters[name]} for name in Names if name in self.parameters]
        # In an order of its own, as Parameter Store does.
        return {
            "Parameters": found[::-1],
            "InvalidParameters": [n for n in Names if n not in self.parameters],
        }


def test_all_settings_are_read_with_one_call() -> None:
    ssm = FakeSSM(table_TableName="dev-orders-table", queue_QueueUrl="https://queue")
    names = ("table/TableName", "queue/QueueUrl")
    assert read_settings(ssm, "/orders/dev", names) == {  # type: ignore[arg-type]
        "table/TableName": "dev-orders-table",
        "queue/QueueUrl": "https://queue",
    }
    assert ssm.calls == 1


def test_every_missing_parameter_is_named() -> None:
    with pytest.raises(SettingsError, match="/orders/dev/queue/QueueUrl, /orders/dev/table/TableName"):
        read_settings(FakeSSM(), "/orders/dev", ("table/TableName", "queue/QueueUrl"))  # type: ignore[arg-type]
