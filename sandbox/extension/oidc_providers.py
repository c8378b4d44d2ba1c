"""OpenID Connect providers, which the deploying roles of REQ-P9 trust.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-oidcprovider.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Kind, Made, Properties, accepted, changed, define

CREATE = Name.function("services.iam", "_create_oidc_provider", "p")
DELETE = Name.function("services.iam", "_delete_oidc_provider", "p")
PROVIDERS = Name("services.iam", "_oidc_providers")
ACCOUNT = Name.function("core.responses", "get_account_id")


def _apply(arn: str, properties: Properties) -> Made:
    provider: dict[str, Any] = PROVIDERS.get()[arn]
    provider["ClientIDList"] = list(properties.get("ClientIdList") or ())
    provider["ThumbprintList"] = list(properties.get("ThumbprintList") or ())
    provider["Tags"] = list(properties.get("Tags") or ())
    return arn, {"Arn": arn}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    accepted(CREATE.get()({"Url": [properties["Url"]]}))
    host = properties["Url"].removeprefix("https://").rstrip("/")
    return _apply(f"arn:aws:iam::{ACCOUNT.get()()}:oidc-provider/{host}", properties)


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    return _create(logical_id, new, stack_name) if changed(old, new, "Url") else _apply(physical_id, new)


def _delete(physical_id: str, properties: Properties) -> None:
    if physical_id in PROVIDERS.get():
        accepted(DELETE.get()({"OpenIDConnectProviderArn": [physical_id]}))


EXTENSION = Extension(
    name="oidc_providers",
    claims=(emulated("AWS::IAM::OIDCProvider", "roles may trust it; nobody checks a token's signature"),),
    names=(*NAMES, CREATE, DELETE, PROVIDERS, ACCOUNT),
    install=lambda: define("AWS::IAM::OIDCProvider", Kind(_create, _update, _delete), tags=True),
)
