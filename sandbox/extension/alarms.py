"""Alarms over metric math, which ministack refuses, composite alarms, which only its CloudWatch has, and their events.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import NAMES, Kind, Made, Properties, accepted, define, tag_map, wanted
from sandbox.extension.stack_events import publish

RECORD = Name.function("services.cloudformation.provisioners", "_cw_metric_alarm_record", "name", "props")
PUT_COMPOSITE = Name.function(
    "services.cloudwatch", "_put_composite_alarm", "params", "cbor_data", "is_cbor", "is_json"
)
CHANGED = Name.function(
    "services.cloudwatch", "_dispatch_alarm_actions", "alarm", "old_state", "new_state", "reason"
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


def _telling(original: Any) -> Any:
    """Tell each change of an alarm's state to the default bus, with or without actions."""

    def dispatch(alarm: Any, old_state: str, new_state: str, reason: str) -> None:
        original(alarm, old_state, new_state, reason)
        detail = {
            "alarmName": alarm["AlarmName"],
            "configuration": {"description": alarm.get("AlarmDescription", "")},
            "previousState": {"value": old_state},
            "state": {"value": new_state, "reason": reason},
        }
        publish(alarm["AlarmArn"], "CloudWatch Alarm State Change", detail, "aws.cloudwatch")

    return dispatch


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
    replace(CHANGED, _telling)
    define("AWS::CloudWatch::CompositeAlarm", Kind(_create, _update, _delete), tags=True)


EXTENSION = Extension(
    name="alarms",
    claims=(
        recorded("AWS::CloudWatch::Alarm Metrics", "kept and shown by DescribeAlarms; never evaluated"),
        emulated("AWS::CloudWatch::CompositeAlarm", "follows its rule over the alarms below it"),
        emulated(
            "CloudWatch Alarm State Change",
            "on the default bus of the alarm's account and region; of the configuration the description alone",
        ),
    ),
    names=(*NAMES, RECORD, CHANGED, PUT_COMPOSITE, COMPOSITES, TAGS, PHYSICAL_NAME),
    install=_install,
)
