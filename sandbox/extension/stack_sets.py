"""The StackSets API with self-managed permissions (REQ-C10); see `sandbox/stack_sets/`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.policies import RESOURCE, Request, resource_of
from sandbox.stack_sets import registry, run, service, stacks, views, wire
from sandbox.stack_sets.records import RefusedError

STATE = Name.function("services.cloudformation", "get_state")
RESTORE = Name.function("services.cloudformation", "load_persisted_state", "data")
RESET = Name.function("services.cloudformation", "reset")
ERROR = Name.function("services.cloudformation.helpers", "_error", "code", "message", "status")
SAVED = "lockstep_stack_sets"

OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "CreateStackSet": service.create_stack_set,
    "UpdateStackSet": service.update_stack_set,
    "DeleteStackSet": service.delete_stack_set,
    "DescribeStackSet": views.describe_stack_set,
    "ListStackSets": views.list_stack_sets,
    "CreateStackInstances": service.create_stack_instances,
    "UpdateStackInstances": service.update_stack_instances,
    "DeleteStackInstances": service.delete_stack_instances,
    "DescribeStackInstance": views.describe_stack_instance,
    "ListStackInstances": views.list_stack_instances,
    "DescribeStackSetOperation": views.describe_stack_set_operation,
    "ListStackSetOperations": views.list_stack_set_operations,
    "ListStackSetOperationResults": views.list_stack_set_operation_results,
    "ListStackSetAutoDeploymentTargets": views.list_stack_set_auto_deployment_targets,
    "StopStackSetOperation": service.stop_stack_set_operation,
    "DetectStackSetDrift": service.detect_stack_set_drift,
}


def _handler(name: str) -> Callable[[wire.Params], Any]:
    operate = OPERATIONS[name]

    def handle(params: wire.Params) -> Any:
        try:
            found = operate(wire.request(name, params))
        except RefusedError as error:
            return ERROR.get()(error.code, error.message, error.status)
        return 200, {"Content-Type": "application/xml"}, wire.answer(name, found, str(uuid.uuid4()))

    return handle


def _saving(original: Any) -> Any:
    return lambda: {**original(), SAVED: registry.saved()}


def _loading(original: Any) -> Any:
    def load(data: Any) -> Any:
        registry.load((data or {}).get(SAVED, ()), run.NOW.get()())
        return original(data)

    return load


def _clearing(original: Any) -> Any:
    def reset() -> None:
        registry.clear()
        original()

    return reset


def _naming(request: Request, resource: Callable[[], str]) -> str:
    """Have policies evaluated against the StackSet that a call names, as on AWS."""
    name = (request.query.get("StackSetName") or [""])[0] if request.service == "cloudformation" else ""
    if not name:
        return resource()
    stack_set = name if ":" in name else f"{name}:*"
    return f"arn:aws:cloudformation:{request.region}:{request.account}:stackset/{stack_set}"


def _install() -> None:
    stacks.ACTIONS.get().update({name: _handler(name) for name in OPERATIONS})
    replace(STATE, _saving)
    replace(RESTORE, _loading)
    replace(RESET, _clearing)
    resource_of(_naming)


EXTENSION = Extension(
    name="stack_sets",
    claims=(
        emulated(
            "StackSets",
            "self-managed: instances are stacks of their account and region; region order, concurrency, tolerance, "
            "managed execution, stop, drift; administration and execution roles have to exist and trust",
        ),
        absent(
            "StackSets: SERVICE_MANAGED, ImportStacksToStackSet",
            "refused: there is no organisation",
        ),
        absent(
            "StackSets: what the execution role may do",
            "resources are made as nobody, as those of all stacks",
        ),
    ),
    names=(*service.NAMES, STATE, RESTORE, RESET, ERROR, RESOURCE),
    install=_install,
)
