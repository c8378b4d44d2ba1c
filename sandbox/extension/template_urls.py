"""Templates at the address of an object, in each style that CloudFormation takes.

ministack takes the bucket from the path only. On AWS both forms are right, with and without the region:
`https://{bucket}.s3.{region}.amazonaws.com/{key}` and `https://s3.{region}.amazonaws.com/{bucket}/{key}`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

RESOLVE = Name.function(
    "services.cloudformation.helpers", "_resolve_document", "params", "body_key", "url_key", "label"
)

HOSTED = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3[.-]([a-z0-9-]+\.)?(amazonaws\.com|localhost.*)"
)
"""The host of a virtual-hosted address; the region is part of it or not."""

supplied: ContextVar[str] = ContextVar("the template of a StackSet, whatever its size", default="")


def in_path_style(url: str) -> str:
    """Return an address with its bucket in the path, decoded; any other address is only decoded."""
    parts = urlsplit(url)
    hosted = HOSTED.fullmatch(parts.netloc)
    path = f"/{hosted['bucket']}{parts.path}" if hosted else parts.path
    return urlunsplit((parts.scheme, "s3.amazonaws.com" if hosted else parts.netloc, unquote(path), "", ""))


def _make(original: Any) -> Any:
    def resolve(params: Any, body_key: str, url_key: str, label: str) -> Any:
        if label == "Template" and supplied.get():
            return supplied.get(), None
        url = params.get(url_key)
        if url:
            text = url[0] if isinstance(url, list) else url
            params = {**params, url_key: [in_path_style(str(text))]}
        return original(params, body_key, url_key, label)

    return resolve


EXTENSION = Extension(
    name="template_urls",
    claims=(
        emulated(
            "Template URLs",
            "`https://{bucket}.s3.{region}.amazonaws.com/{key}`, `https://s3.{region}.amazonaws.com/{bucket}/{key}` "
            "and the sandbox's own endpoint with the bucket in the path; the account's own buckets",
        ),
    ),
    names=(RESOLVE,),
    install=lambda: replace(RESOLVE, _make),
)
