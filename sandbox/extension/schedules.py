"""What ministack's `AWS::Scheduler::Schedule` leaves out or ignores, set on the schedule that its scheduler runs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html
"""

from __future__ import annotations

from sandbox.extension.claims import Extension, absent, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, RefusedError, complete

SCHEDULES = Name("services.scheduler", "_schedules")

_DEFAULTS = {"ScheduleExpressionTimezone": "UTC", "StartDate": None, "EndDate": None, "KmsKeyArn": None}


def _apply(name: str, old: Properties, new: Properties) -> None:
    group = new.get("GroupName", "default")
    schedule = SCHEDULES.get().get(f"{group}/{name}")
    if schedule is None:
        raise RefusedError(f"Schedule group {group} does not exist. (Service: Scheduler, Status Code: 404)")
    for setting, default in _DEFAULTS.items():
        schedule[setting] = new.get(setting, default)


EXTENSION = Extension(
    name="schedules",
    claims=(
        emulated("AWS::Scheduler::ScheduleGroup", "a schedule needs one that exists; its tags are kept"),
        recorded(
            "AWS::Scheduler::Schedule ScheduleExpressionTimezone, KmsKeyArn, FlexibleTimeWindow",
            "shown by GetSchedule; times are UTC",
        ),
        absent(
            "Scheduler: the group as aws:SourceArn",
            "the schedule itself is named, so that a role which trusts its group, as those here do, invokes nothing",
        ),
    ),
    names=(*NAMES, SCHEDULES),
    install=lambda: complete("AWS::Scheduler::Schedule", _apply),
)
