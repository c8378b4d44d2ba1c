"""What ministack's `AWS::DynamoDB::Table` leaves out at creation or ignores, set through its DynamoDB.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from sandbox.extension.claims import Extension, absent, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import (
    NAMES,
    Properties,
    RefusedError,
    accepted,
    changed,
    complete,
    truth,
    wanted,
)

UPDATE_TABLE = Name.function("services.dynamodb", "_update_table", "data")
UPDATE_BACKUPS = Name.function("services.dynamodb", "_update_continuous_backups", "data")
UPDATE_TTL = Name.function("services.dynamodb", "_update_ttl", "data")
TABLES = Name("services.dynamodb", "_tables")


def _encryption(properties: Properties) -> dict[str, object]:
    """Return the property SSESpecification in the words of DynamoDB's API."""
    specified: Properties = properties.get("SSESpecification") or {}
    return {"Enabled": truth(specified.get("SSEEnabled")), **wanted(specified, "SSEType", "KMSMasterKeyId")}


def _recovery(properties: Properties) -> Properties:
    specified: Properties = properties.get("PointInTimeRecoverySpecification") or {}
    return {"PointInTimeRecoveryEnabled": truth(specified.get("PointInTimeRecoveryEnabled"))}


def _apply(name: str, old: Properties, new: Properties) -> None:
    if changed(old, new, "SSESpecification"):
        accepted(UPDATE_TABLE.get()({"TableName": name, "SSESpecification": _encryption(new)}))
    if changed(old, new, "TableClass"):
        accepted(UPDATE_TABLE.get()({"TableName": name, "TableClass": new.get("TableClass", "STANDARD")}))
    if not old or changed(old, new, "PointInTimeRecoverySpecification"):
        # Said at every creation: a table of the same name may have left its setting behind.
        setting = {"TableName": name, "PointInTimeRecoverySpecification": _recovery(new)}
        accepted(UPDATE_BACKUPS.get()(setting))
    before, after = old.get("TimeToLiveSpecification"), new.get("TimeToLiveSpecification")
    if before != after:
        specification = after or {**(before or {}), "Enabled": False}
        accepted(UPDATE_TTL.get()({"TableName": name, "TimeToLiveSpecification": specification}))


def _refuse(name: str, properties: Properties) -> None:
    if TABLES.get().get(name, {}).get("DeletionProtectionEnabled"):
        raise RefusedError(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first. (Service: DynamoDb, Code: ValidationException)"
        )


EXTENSION = Extension(
    name="dynamodb_tables",
    claims=(
        emulated(
            "AWS::DynamoDB::Table DeletionProtectionEnabled", "a protected table fails the stack's deletion"
        ),
        emulated(
            "AWS::DynamoDB::Table TimeToLiveSpecification",
            "expired items are removed once a minute",
        ),
        recorded(
            "AWS::DynamoDB::Table PointInTimeRecoverySpecification", "shown by DescribeContinuousBackups"
        ),
        recorded("AWS::DynamoDB::Table SSESpecification", "shown by DescribeTable; items are not encrypted"),
        recorded(
            "AWS::DynamoDB::Table ProvisionedThroughput, TableClass",
            "shown; reads and writes are not throttled",
        ),
        absent("AWS::DynamoDB::Table ResourcePolicy, ImportSourceSpecification", "ignored"),
    ),
    names=(*NAMES, UPDATE_TABLE, UPDATE_BACKUPS, UPDATE_TTL, TABLES),
    install=lambda: complete("AWS::DynamoDB::Table", _apply, before_delete=_refuse),
)
