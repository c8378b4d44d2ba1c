"""What a rule or a schedule may deliver to, and where an event goes that it may not deliver.

ministack asks no policy and loses what it cannot deliver. AWS asks the policy of the queue, topic or function (and of
the key that a queue or topic is encrypted with), or the role of a schedule; what is refused goes to the target's dead
letter queue. A function that fails is tried twice more by Lambda, and then uses its own dead letter queue.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.extension import event_dead_letters
from sandbox.extension.claims import Extension, absent, emulated, recorded
from sandbox.extension.event_dead_letters import PIN_ORIGIN, Refusal, bury, queue_refusal
from sandbox.extension.names import Name, replace
from sandbox.extension.service_access import Caller, key_admits, policy_admits, role_refusal

INVOKE = Name.function("services.eventbridge", "_invoke_target", "target", "event", "rule", "view")
TO_LAMBDA = Name.function("services.eventbridge", "_dispatch_to_lambda", "arn", "payload")
VIEW = Name.function("services.eventbridge", "_pattern_event_view", "event")
FUNCTION = Name.function("services.lambda_svc", "_get_func_record_for_ref", "function_ref")
EXECUTION = Name.function("services.lambda_svc", "_execution_record_for_config", "func", "config")
INVOKE_LATER = Name.function("services.lambda_svc", "invoke_async_with_retry", "func", "event")
TOPICS = Name("services.sns", "_topics")

_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}


def _function(arn: str, caller: Caller) -> Refusal | None:
    function, _, _ = FUNCTION.get()(arn)
    if not function:
        return Refusal("NO_RESOURCE", f"The function {arn} does not exist")
    if policy_admits(function.get("policy"), caller, "lambda:InvokeFunction", arn):
        return None
    return Refusal("NO_PERMISSIONS", f"The policy of {arn} does not allow {caller.service}")


def _topic(arn: str, caller: Caller) -> Refusal | None:
    topic = TOPICS.get().get(arn)
    if topic is None:
        return Refusal("NO_RESOURCE", f"The topic {arn} does not exist")
    attributes = topic["attributes"]
    if not policy_admits(attributes.get("Policy"), caller, "sns:Publish", arn):
        return Refusal("NO_PERMISSIONS", f"The policy of {arn} does not allow {caller.service}")
    key = attributes.get("KmsMasterKeyId")
    if key and not key_admits(str(key), caller, arn):
        return Refusal("NO_PERMISSIONS", f"The key of {arn} does not allow {caller.service}")
    return None


_ASK: dict[str, Callable[[str, Caller], Refusal | None]] = {
    "lambda": _function,
    "sqs": queue_refusal,
    "sns": _topic,
}


def _refusal(target: Any, service: str, caller: Caller) -> Refusal | None:
    """Return why a target cannot be reached: elsewhere, not there, a schedule's role, its own policy or key."""
    arn = target["Arn"]
    if arn.split(":")[3:5] != [caller.region, caller.account]:
        return Refusal("INVALID_PARAMETER", f"The target {arn} is in another region or account")
    if caller.service == "scheduler.amazonaws.com":
        refused = role_refusal(target["RoleArn"], caller, _ACTIONS[service], arn)
        return Refusal("NO_PERMISSIONS", refused) if refused else None
    return _ASK[service](arn, caller)


def _asking(original: Any) -> Any:
    def invoke(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        PIN_ORIGIN.get()("127.0.0.1", secure_transport=True)  # services speak TLS to one another
        service = target.get("Arn", "").split(":")[2:3]
        if not service or service[0] not in _ASK:
            original(target, event, rule, view)
            return
        _, _, source, region, account, _ = rule["Arn"].split(":", 5)
        caller = Caller(f"{source}.amazonaws.com", rule["Arn"], account, region)
        refusal = _refusal(target, service[0], caller)
        if refusal is None:
            original(target, event, rule, view)
        else:
            bury(target, (view or VIEW.get()(event)).event_with_detail(), caller, refusal)

    return invoke


def _retrying(original: Any) -> Any:
    """Hand an event to a function as Lambda's asynchronous calls do: retries, then its dead letter queue."""

    def dispatch(arn: str, payload: str) -> None:
        function, config, _ = FUNCTION.get()(arn)
        if function and config:
            INVOKE_LATER.get()(EXECUTION.get()(function, config), json.loads(payload))

    return dispatch


def _install() -> None:
    replace(INVOKE, _asking)
    replace(TO_LAMBDA, _retrying)


EXTENSION = Extension(
    name="event_targets",
    claims=(
        emulated(
            "AWS::Events::Rule to a queue, topic or function",
            "patterns, InputPath, Input, InputTransformer; asks the policy of the target, and of its key",
        ),
        emulated(
            "AWS::Events::Rule, AWS::Scheduler::Schedule DeadLetterConfig",
            "takes at once what the target's policy, key or role refuses, with the reason in the attributes",
        ),
        emulated(
            "AWS::Scheduler::Schedule",
            "rate, cron and at in real time, to functions, queues and topics; its role is asked",
        ),
        recorded(
            "AWS::Events::Rule, AWS::Scheduler::Schedule RetryPolicy",
            "a refusal is final, and a failing function is retried by Lambda",
        ),
        absent(
            "AWS::Events::Rule to a queue, topic or function elsewhere",
            "what is for another account or region goes to the dead letter queue",
        ),
    ),
    names=(
        *event_dead_letters.NAMES,
        INVOKE,
        TO_LAMBDA,
        VIEW,
        FUNCTION,
        EXECUTION,
        INVOKE_LATER,
        TOPICS,
    ),
    install=_install,
)
