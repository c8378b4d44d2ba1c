"""Keys whose material is imported, and the condition key that names a key by its alias.

ministack's CloudFormation enables every key, also one that has no material yet, and policies are told of no alias.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import NAMES, Properties, complete

KEY = Name.function("services.kms", "_resolve_key", "key_id_or_arn")
ALIASES = Name("services.kms", "_aliases")
RESOLVE = Name.function("core.iam_evaluator", "_resolve_condition_key", "key", "ctx")
_MATERIAL = {"_symmetric_key", "_hmac_key", "_private_key", "_public_key_der"}


def _apply(physical_id: str, old: Properties, new: Properties) -> None:
    record = KEY.get()(physical_id)
    if new.get("Origin") == "EXTERNAL" and not _MATERIAL & record.keys():
        record["KeyState"], record["Enabled"] = "PendingImport", False


def _of_key(original: Any) -> Any:
    def resolve(key: str, ctx: Any) -> Any:
        if key.lower() != "kms:resourcealiases":
            return original(key, ctx)
        record = KEY.get()(ctx.resource_arn) if ":kms:" in ctx.resource_arn else None
        if record is None:
            return None
        found = [arn for arn, target in ALIASES.get().items() if target == record["KeyId"]]
        return [arn.split(":", 5)[5] for arn in found] or None

    return resolve


def _install() -> None:
    complete("AWS::KMS::Key", _apply)
    replace(RESOLVE, _of_key)


EXTENSION = Extension(
    name="kms_keys",
    claims=(
        emulated("AWS::KMS::Key Origin", "of EXTERNAL it is pending until its material is imported"),
        emulated("IAM: kms:ResourceAliases", "the aliases of the key that a request is about"),
    ),
    names=(*NAMES, KEY, ALIASES, RESOLVE),
    install=_install,
)
