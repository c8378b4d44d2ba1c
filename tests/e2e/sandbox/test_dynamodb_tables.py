"""The settings of a table are there from its creation, and change with the template."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

TABLE = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      TableClass: STANDARD_INFREQUENT_ACCESS
      ProvisionedThroughput: {ReadCapacityUnits: 7, WriteCapacityUnits: 3}
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: "arn:aws:kms:us-east-1:111111111111:key/k"}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: RECOVERY}
      DeletionProtectionEnabled: PROTECTION
      TimeToLiveSpecification: {AttributeName: expires, Enabled: true}
"""


def _template(*, recovery: bool, protection: bool) -> str:
    return TABLE.replace("RECOVERY", str(recovery).lower()).replace("PROTECTION", str(protection).lower())


def _recovery(client: Client, account: str) -> str:
    found = client("dynamodb", account=account).describe_continuous_backups(TableName="orders")
    status: str = found["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
        "PointInTimeRecoveryStatus"
    ]
    return status


def test_settings_at_creation(client: Client, account: str, stack: Stack) -> None:
    """Recovery, encryption, class, capacity, expiry and protection are what the template says."""
    assert stack.create(_template(recovery=True, protection=False)) == "CREATE_COMPLETE", stack.reasons()
    dynamodb = client("dynamodb", account=account)
    table = dynamodb.describe_table(TableName="orders")["Table"]
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["SSEDescription"]["KMSMasterKeyArn"] == "arn:aws:kms:us-east-1:111111111111:key/k"
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    expiry = dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert _recovery(client, account) == "ENABLED"


def test_settings_change_in_place(client: Client, account: str, stack: Stack) -> None:
    """An update of the settings keeps the items."""
    stack.create(_template(recovery=True, protection=False))
    dynamodb = client("dynamodb", account=account)
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "kept"}})
    assert stack.update(_template(recovery=False, protection=False)) == "UPDATE_COMPLETE"
    assert _recovery(client, account) == "DISABLED"
    assert dynamodb.scan(TableName="orders")["Count"] == 1


def test_a_table_made_again_does_not_inherit(client: Client, account: str, stack: Stack) -> None:
    """Recovery of a table that is gone says nothing about the next one of its name."""
    stack.create(_template(recovery=True, protection=False))
    stack.delete()
    stack.create(_template(recovery=False, protection=False))
    assert _recovery(client, account) == "DISABLED"


def test_a_protected_table_is_not_deleted(client: Client, account: str, stack: Stack) -> None:
    """Deletion protection fails the stack's deletion, as REQ-P10 counts on."""
    stack.create(_template(recovery=False, protection=True))
    assert stack.delete() == "DELETE_FAILED"
    assert "protected against deletion" in stack.reasons()["Table"]
    assert client("dynamodb", account=account).list_tables()["TableNames"] == ["orders"]
