"""The archive of an event bus.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Kind, Made, Properties, accepted, changed, define, wanted

CREATE = Name.function("services.eventbridge", "_create_archive", "data")
UPDATE = Name.function("services.eventbridge", "_update_archive", "data")
DELETE = Name.function("services.eventbridge", "_delete_archive", "data")
ARCHIVES = Name("services.eventbridge", "_archives")
PHYSICAL_NAME = Name("services.cloudformation.provisioners", "_physical_name")


def _settings(properties: Properties) -> dict[str, Any]:
    """Return what may change, in the words of EventBridge's API; what the template leaves out is cleared."""
    pattern = properties.get("EventPattern")
    return {
        "Description": properties.get("Description", ""),
        "EventPattern": json.dumps(pattern) if pattern else "",
        "RetentionDays": int(properties.get("RetentionDays", 0)),
        "KmsKeyIdentifier": properties.get("KmsKeyIdentifier", ""),
    }


def _made(name: str) -> Made:
    return name, {"Arn": ARCHIVES.get()[name]["ArchiveArn"], "ArchiveName": name}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties.get("ArchiveName") or PHYSICAL_NAME.get()(stack_name, logical_id, max_len=48)
    source = properties["SourceArn"]
    accepted(CREATE.get()({**_settings(properties), "ArchiveName": name, "EventSourceArn": source}))
    return _made(name)


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    if changed(old, new, "ArchiveName", "SourceArn"):
        return _create(logical_id, new, stack_name)
    accepted(UPDATE.get()({**_settings(new), "ArchiveName": physical_id}))
    return _made(physical_id)


def _delete(physical_id: str, properties: Properties) -> None:
    if wanted(ARCHIVES.get(), physical_id):
        accepted(DELETE.get()({"ArchiveName": physical_id}))


EXTENSION = Extension(
    name="event_archives",
    claims=(
        emulated(
            "AWS::Events::Archive", "keeps the events of its bus; StartReplay gives them to its rules again"
        ),
        recorded(
            "AWS::Events::Archive RetentionDays, KmsKeyIdentifier", "shown; no event expires or is encrypted"
        ),
        absent("StartReplay FilterArns", "ignored: a replay reaches every rule of the bus"),
    ),
    names=(*NAMES, CREATE, UPDATE, DELETE, ARCHIVES, PHYSICAL_NAME),
    install=lambda: define("AWS::Events::Archive", Kind(_create, _update, _delete)),
)
