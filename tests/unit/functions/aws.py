"""Clients of a local AWS for one test: an account of its own, so that tests do not see each other."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
NO_RETRIES = Config(retries={"total_max_attempts": 1})


class Account:
    """One 12-digit account on the local AWS; the access key names it."""

    def __init__(self, endpoint: str, number: str) -> None:
        self.endpoint, self.number = endpoint, number
        self.bucket = f"trades-{number}"  # the names of buckets are shared by all accounts

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.number,
            aws_secret_access_key="local",
            config=NO_RETRIES,
        )

    def create_table(self) -> None:
        self.client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def create_bucket(self) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
