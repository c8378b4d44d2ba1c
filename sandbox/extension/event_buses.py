"""Rules whose target is an event bus: of the same or another region or account, one hop.

ministack drops what leaves its account or region, and chains buses without end. On AWS a forwarded event keeps
account, region, id and time of its origin, and is not forwarded a second time.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbus.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension import event_dead_letters
from sandbox.extension.claims import Extension, absent, emulated, recorded
from sandbox.extension.event_dead_letters import Refusal, bury
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import NAMES, Properties, complete
from sandbox.extension.service_access import Caller, policy_admits_role, role_refusal

INVOKE = Name.function("services.eventbridge", "_invoke_target", "target", "event", "rule", "view")
TO_BUS = Name.function(
    "services.eventbridge",
    "_dispatch_to_event_bus",
    "spec",
    "event",
    "rule",
    "event_path",
    "target_input_payload",
)
DISPATCH = Name.function("services.eventbridge", "_dispatch_event", "event", "view")
ARCHIVE = Name.function("services.eventbridge", "_archive_event", "event", "view")
VIEW = Name.function("services.eventbridge", "_pattern_event_view", "event")
BUSES = Name("services.eventbridge", "_event_buses")
POLICIES = Name("services.eventbridge", "_event_bus_policies")
SCOPE = event_dead_letters.SCOPE

FORWARDED = "_LockstepForwarded"
"""Marks an event that came from another bus; it is not forwarded again."""

_SHOWN = ("DeadLetterConfig", "KmsKeyIdentifier", "LogConfig")


def _exists(account: str, region: str, bus: str) -> bool:
    return bus == "default" or bool(BUSES.get().contains_scoped(account, region, bus))


def _refusal(target: Any, event: Any, caller: Caller) -> Refusal | None:
    """Return why the event may not go to the bus: not there, the rule's role, the policy of the bus."""
    arn = target["Arn"]
    _, _, _, region, account, resource = arn.split(":", 5)
    bus, role = resource.partition("/")[2], target.get("RoleArn")
    if not _exists(account, region, bus):
        return Refusal("NO_RESOURCE", f"The event bus {arn} does not exist")
    if role is None:
        if (account, region) == (caller.account, caller.region):
            return None
        return Refusal("INVALID_PARAMETER", f"The target {arn} needs a RoleArn")
    refused = role_refusal(role, caller, "events:PutEvents", arn)
    if refused is not None:
        return Refusal("NO_PERMISSIONS", refused)
    policy = POLICIES.get().get_scoped(account, region, bus)
    keys = {"events:source": str(event.get("Source")), "events:detail-type": str(event.get("DetailType"))}
    if not policy_admits_role(policy, role, caller, "events:PutEvents", arn, keys):
        return Refusal("NO_PERMISSIONS", f"The policy of {arn} does not allow {role}")
    return None


def _asking(original: Any) -> Any:
    """Deliver to a bus only what it may get; what is refused goes to the target's dead letter queue."""

    def invoke(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        if ":event-bus/" not in target.get("Arn", ""):
            original(target, event, rule, view)
            return
        if event.get(FORWARDED):
            return
        _, _, _, region, account, _ = rule["Arn"].split(":", 5)
        caller = Caller("events.amazonaws.com", rule["Arn"], account, region)
        refusal = _refusal(target, event, caller)
        if refusal is None:
            original(target, event, rule, view)
        else:
            bury(target, (view or VIEW.get()(event)).event_with_detail(), caller, refusal)

    return invoke


def _forwarding(original: Any) -> Any:
    """Put an event on a bus of any account and region, as it is but for what the target replaces."""

    def forward(spec: Any, event: Any, rule: Any, event_path: Any, target_input_payload: Any = None) -> None:
        moved = {**event, "EventBusName": spec.resource.partition("/")[2], FORWARDED: True}
        if target_input_payload is not None:
            moved["Detail"] = target_input_payload
        with SCOPE.get()(spec.account_id, spec.region):
            DISPATCH.get()(moved)
            ARCHIVE.get()(moved)

    return forward


def _apply(name: str, old: Properties, new: Properties) -> None:
    bus = BUSES.get()[name]
    for setting in _SHOWN:
        if setting in new:
            bus[setting] = new[setting]
        else:
            bus.pop(setting, None)
    if "Policy" in new:
        POLICIES.get()[name] = dict(new["Policy"])
    elif "Policy" in old:
        POLICIES.get().pop(name, None)


def _install() -> None:
    replace(INVOKE, _asking)
    replace(TO_BUS, _forwarding)
    complete("AWS::Events::EventBus", _apply)


EXTENSION = Extension(
    name="event_buses",
    claims=(
        emulated(
            "AWS::Events::EventBus", "takes events, by PutEvents and from rules; its policy is evaluated"
        ),
        emulated(
            "AWS::Events::Rule to an event bus",
            "of any account and region, one hop; asks the rule's role and the policy of the bus",
        ),
        recorded(
            "AWS::Events::EventBus KmsKeyIdentifier, DeadLetterConfig, LogConfig", "shown by DescribeEventBus"
        ),
        absent(
            "PutEvents to a bus of another account or region", "answered with an error; forward it by a rule"
        ),
    ),
    names=(*NAMES, *event_dead_letters.NAMES, INVOKE, TO_BUS, DISPATCH, ARCHIVE, VIEW, BUSES, POLICIES),
    install=_install,
)
