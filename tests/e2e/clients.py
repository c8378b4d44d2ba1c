"""AWS clients of a sandbox, from one session, which reads each service's model once: reading costs more than a call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.session import Session

from sandbox import accounts

_session = Session()
_lock = threading.Lock()


def make(
    endpoint: str,
    service: str,
    region: str,
    key: str,
    secret: str = accounts.SECRET,
    token: str | None = None,
    **further: Any,
) -> Any:
    """Return a client of its own; a key alone is an account's number."""
    with _lock:
        return _session.create_client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            **further,
        )


def assumed(endpoint: str, service: str, region: str, given: Mapping[str, Any]) -> Any:
    """Return a client with the `Credentials` that AssumeRole gave."""
    keys = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    return make(endpoint, service, region, *keys)


@cache
def shared(endpoint: str, service: str, account: str, region: str) -> Any:
    """Return an account's client, which others have too: for what is asked again and again."""
    return make(endpoint, service, region, account)
