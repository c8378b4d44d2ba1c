"""What a service may do on behalf of a rule or a schedule: the policy of the target, of its key, and of the role.

ministack delivers events as nobody. AWS asks the target's own policy for the service, with the rule as
`aws:SourceArn`, or the rule's role where one is named.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.extension.names import Name
from sandbox.extension.policies import BOUNDARY, CONTEXT, EVALUATE, OF_ROLES, ROLE_POLICIES, ROLES

RESOURCE_POLICY = Name.function(
    "core.iam_evaluator", "evaluate_resource_policy", "doc", "ctx", "service", "named_only", "direct_only"
)
KEY = Name.function("services.kms", "_resolve_key", "key_id_or_arn")

NAMES = (RESOURCE_POLICY, KEY, *OF_ROLES)

KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
"""What a service needs of a customer's key to write to a queue or a topic that is encrypted with it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A service that acts for a resource of a customer."""

    service: str
    """The service's principal, such as `events.amazonaws.com`."""

    source_arn: str
    """The rule or schedule, which conditions know as `aws:SourceArn`."""

    account: str
    """The account of the rule or schedule, which conditions know as `aws:SourceAccount`."""

    region: str

    def keys(self) -> dict[str, str]:
        """Return the condition keys that say for whom the service acts."""
        if not self.source_arn:
            return {}
        return {
            "aws:sourcearn": self.source_arn,
            "aws:sourceaccount": self.account,
            "aws:sourceowner": self.account,
        }


def _context(caller: Caller, action: str, resource: str, **principal: Any) -> Any:
    """Return the evaluator's context; services speak TLS."""
    who = {"principal_arn": "*", "principal_type": "Service", "principal_account": "", **principal}
    return CONTEXT.get()(
        **who,
        action=action,
        resource_arn=resource,
        region=caller.region,
        secure_transport=True,
        service_context=caller.keys(),
    )


def policy_admits(
    policy: object, caller: Caller, action: str, resource: str, keys: Mapping[str, str] | None = None
) -> bool:
    """Tell whether a resource's policy allows the service itself this action; no policy allows nothing.

    `keys` are further condition keys of the action.
    """
    context = _context(caller, action, resource)
    context.service_context.update(keys or {})
    result = RESOURCE_POLICY.get()(policy or None, context, service=caller.service)
    return bool(result.decision == "Allow")


def key_admits(key_id: str, caller: Caller, sealed: str) -> bool:
    """Tell whether the service may use a key for the queue or topic `sealed`, which the encryption context names.

    Never a key that AWS manages, whose policy nobody can change. KMS learns of no source from a service.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    key = None if "alias/aws/" in key_id else KEY.get()(key_id)
    name = "aws:sqs:arn" if sealed.split(":")[2] == "sqs" else "aws:sns:topicArn"
    keys = {f"kms:encryptioncontext:{name}".lower(): sealed}
    without_source = replace(caller, source_arn="", account="")
    return key is not None and all(
        policy_admits(key.get("Policy"), without_source, action, key["Arn"], keys) for action in KEY_ACTIONS
    )


def role_refusal(role_arn: str, caller: Caller, action: str, resource: str) -> str | None:
    """Return why the service cannot act as a role, or why the role may not do this; None when it may."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    role = ROLES.get().get_scoped(account, None, name)
    if role is None or account != caller.account:
        return f"The role {role_arn} does not exist in account {caller.account}"
    if not policy_admits(role["AssumeRolePolicyDocument"], caller, "sts:AssumeRole", role_arn):
        return f"{caller.service} cannot assume the role {role_arn}"
    context = _context(caller, action, resource, **_session(role_arn))
    limits = BOUNDARY.get()(ROLES.get(), name, account)
    if EVALUATE.get()(context, ROLE_POLICIES.get()(name, account), *limits).decision != "Allow":
        return f"{role_arn} is not authorized to perform {action} on {resource}"
    return None


def policy_admits_role(
    policy: object, role_arn: str, caller: Caller, action: str, resource: str, keys: Mapping[str, str]
) -> bool:
    """Tell whether a resource's policy lets the role do this for the service.

    The policy of another account has to allow it; one of the same account must not deny it.
    """
    context = _context(caller, action, resource, **_session(role_arn))
    context.service_context.update(keys)
    decision = RESOURCE_POLICY.get()(policy or None, context).decision
    own = resource.split(":")[4] == role_arn.split(":")[4]
    return bool(decision == "Allow" or (own and decision != "Deny"))


def _session(role_arn: str) -> dict[str, str]:
    """Return who is calling when the service has assumed the role."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return {
        "principal_arn": f"arn:aws:sts::{account}:assumed-role/{name}/events",
        "principal_type": "AssumedRole",
        "principal_account": account,
    }
