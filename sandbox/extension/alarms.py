"""Alarms over metric math, which ministack refuses, and composite alarms, which only its CloudWatch has.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import NAMES, Kind, Made, Properties, accepted, define, tag_map, wanted

RECORD = Name.function("services.cloudformation.provisioners", "_cw_metric_alarm_record", "name", "props")
PUT_COMPOSITE = Name.function(
    "services.cloudwatch", "_put_composite_alarm", "params", "cbor_data", "is_cbor", "is_json"
)
COMPOSITES = Name("services.cloudwatch", "_composite_alarms")
TAGS = Name("services.cloudwatch", "_resource_tags")
PHYSICAL_NAME = Name("services.cloudformation.provisioners", "_physical_name")
_COMPOSITE = (
    "AlarmName",
    "AlarmRule",
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "InsufficientDataActions",
)


def _with_metric_math(original: Any) -> Any:
    """Keep an alarm over expressions as it is; without a metric of its own, ministack never evaluates it."""

    def record(name: str, props: Any) -> Any:
        if not props.get("Metrics"):
            return original(name, props)
        plain = {key: value for key, value in props.items() if key != "Metrics"}
        alarm = original(
            name, {**plain, "MetricName": "unused", "Namespace": "unused", "Threshold": props["Threshold"]}
        )
        for key in ("MetricName", "Namespace", "Statistic", "Period", "Unit", "ExtendedStatistic"):
            alarm.pop(key, None)
        return {**alarm, "Metrics": props["Metrics"]}

    return record


def _put(name: str, properties: Properties) -> Made:
    request = {**wanted(properties, *_COMPOSITE), "AlarmName": name}
    accepted(PUT_COMPOSITE.get()({}, request, is_cbor=False, is_json=True))
    arn: str = COMPOSITES.get()[name]["AlarmArn"]
    TAGS.get()[arn] = tag_map(properties)
    return name, {"Arn": arn}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    return _put(
        properties.get("AlarmName") or PHYSICAL_NAME.get()(stack_name, logical_id, max_len=255), properties
    )


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    return _create(logical_id, new, stack_name)


def _delete(physical_id: str, properties: Properties) -> None:
    alarm = COMPOSITES.get().pop(physical_id, None)
    if alarm is not None:
        TAGS.get().pop(alarm["AlarmArn"], None)


def _install() -> None:
    replace(RECORD, _with_metric_math)
    define("AWS::CloudWatch::CompositeAlarm", Kind(_create, _update, _delete), tags=True)


EXTENSION = Extension(
    name="alarms",
    claims=(
        recorded("AWS::CloudWatch::Alarm Metrics", "kept and shown by DescribeAlarms; never evaluated"),
        emulated("AWS::CloudWatch::CompositeAlarm", "follows its rule over the alarms below it"),
    ),
    names=(*NAMES, RECORD, PUT_COMPOSITE, COMPOSITES, TAGS, PHYSICAL_NAME),
    install=_install,
)
