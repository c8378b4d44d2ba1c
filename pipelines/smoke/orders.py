"""Smoke tests of `orders`: the queue, the table, the bucket and the API answer (REQ-V10, REQ-O7)."""

from __future__ import annotations

from pipelines.smoke.trial import Target, Trial


def smoke(target: Target) -> list[Trial]:
    """Return a trial for each thing that an order passes through."""
    return [
        target.tried("queue", "queue/QueueUrl", lambda url: _queue(target, url)),
        target.tried("dead letter queue", "queue/DeadLetterQueueUrl", lambda url: _queue(target, url)),
        target.tried("order table", "table/TableName", lambda name: _table(target, name)),
        target.tried("trade bucket", "trades/BucketName", lambda name: _bucket(target, name)),
        target.tried("API", "api/ApiId", lambda api: _api(target, api)),
    ]


def _queue(target: Target, url: str) -> str:
    target.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return ""


def _table(target: Target, name: str) -> str:
    status = target.client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"]
    return "" if status in {"ACTIVE", "UPDATING"} else f"the table {name} is {status}"


def _bucket(target: Target, name: str) -> str:
    target.client("s3").head_bucket(Bucket=name)
    return ""


def _api(target: Target, api: str) -> str:
    stages = target.client("apigateway").get_stages(restApiId=api)["item"]
    return "" if stages else f"the API {api} has no stage"
