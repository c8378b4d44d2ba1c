"""Whether a StackSet with self-managed permissions may work in an account.

The administration role trusts CloudFormation and may assume the execution role of the target account, and that
one trusts it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
What the execution role may do is not asked: the sandbox makes resources as nobody.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.extension.names import Name
from sandbox.extension.policies import BOUNDARY, CONTEXT, EVALUATE, OF_ROLES, ROLE_POLICIES, ROLES
from sandbox.stack_sets.records import Operation, StackSet

TRUST = Name.function("core.iam_evaluator", "evaluate_trust_policy", "trust_doc", "caller_arn", "ctx")

NAMES = (TRUST, *OF_ROLES)

SERVICE = "cloudformation.amazonaws.com"


def refusal(stack_set: StackSet, operation: Operation, account: str) -> str:
    """Return AWS's reason why the operation may not work in an account; empty when it may."""
    administration, execution = operation.administration_role, operation.execution_role
    target = f"arn:aws:iam::{account}:role/{execution}"
    role = ROLES.get().get_scoped(account, None, execution)
    own = role_of(administration)
    trusted = role is not None and TRUST.get()(role.get("AssumeRolePolicyDocument"), administration)
    if own and trusted and _trusts_service(own) and _may_assume(administration, target, stack_set.arn):
        return ""
    name = administration.rpartition("/")[2]
    return f"Account {account} should have '{execution}' role with trust relationship to Role '{name}'."


def role_of(arn: str) -> Any:
    """Return the role of an ARN; None when there is none."""
    return ROLES.get().get_scoped(arn.split(":")[4], None, arn.rpartition("/")[2])


def _trusts_service(role: Any) -> bool:
    document = role.get("AssumeRolePolicyDocument")
    document = json.loads(document) if isinstance(document, str) else document
    for statement in document.get("Statement", []):
        principal = statement.get("Principal")
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if SERVICE in ([services] if isinstance(services, str) else services):
            return bool(statement.get("Effect") == "Allow")
    return False


def _may_assume(arn: str, target: str, source: str) -> bool:
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    context = CONTEXT.get()(
        principal_arn=arn,
        principal_type="AssumedRole",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=target,
        region="",
        service_context={"aws:sourcearn": source},
    )
    limits = BOUNDARY.get()(ROLES.get(), name, account)
    decided = EVALUATE.get()(context, ROLE_POLICIES.get()(name, account), *limits)
    return bool(decided.decision == "Allow")
