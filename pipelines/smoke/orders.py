"""Smoke tests of `orders`: queue, table, bucket and API answer, and a new deployment takes an order (REQ-V10, O7)."""

from __future__ import annotations

from pipelines.smoke.real_order import RealOrder
from pipelines.smoke.trial import Deployed, Target, Trial


def smoke(target: Target) -> list[Trial]:
    """Return a trial for each thing that an order passes through."""
    found = [
        target.tried("queue", "queue/QueueUrl", lambda url: _queue(target, url)),
        target.tried("dead letter queue", "queue/DeadLetterQueueUrl", lambda url: _queue(target, url)),
        target.tried("order table", "table/TableName", lambda name: _table(target, name)),
        target.tried("trade bucket", "trades/BucketName", lambda name: _bucket(target, name)),
        target.tried("API", "api/ApiId", lambda api: _api(target, api)),
    ]
    deployed = target.deployed
    if deployed is not None:
        found.append(target.tried("a real order", "api/Url", lambda url: _order(target, deployed, url)))
    return found


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


def _order(target: Target, deployed: Deployed, url: str) -> str:
    bucket = target.published.get("trades/BucketName")
    if bucket is None:
        return f"{target.root}/trades/BucketName is not in Parameter Store"
    return RealOrder(deployed.orders(url), target.client("s3"), bucket).follow(deployed.name)
