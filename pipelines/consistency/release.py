"""An environment as it runs against the release that is recorded for it (REQ-C3, REQ-V10). Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from pipelines.configuration.manifest import Manifest, ManifestStack
from pipelines.consistency.actual import HIDDEN, Actual
from validator.findings import Finding, Severity
from validator.parity import shown

CHECK = "consistency"


def unfit(environment: str, message: str, remediation: str, *, file: str = "", key: str = "") -> Finding:
    """Return the finding for an environment that is not, or could not be told to be, what it should be."""
    return Finding(CHECK, Severity.ERROR, file, key, None, message, remediation, (environment,))


def against_release(
    manifest: Manifest, actuals: Iterable[Actual], known: Container[str] | None = None
) -> Iterator[Finding]:
    """Yield what differs between the stacks that run and those of the release that is recorded for the environment.

    `known` are the versions that are recorded as releases; None leaves that question out. What a stack does while an
    operation is under way, and what only a deployment knows, is not judged.
    """
    live = {actual.place: actual for actual in actuals if actual.is_there}
    wanted = {(stack.account, stack.region, stack.external_name): stack for stack in manifest.stacks}
    for place, stack in wanted.items():
        yield from _stack(manifest, stack, live.get(place), known)
    for actual in (live[place] for place in sorted(live.keys() - wanted.keys())):
        message = f"{actual.name} runs in {actual.account} {actual.region}, and is no stack of release {manifest.tag}"
        mend = "delete it when nothing needs it, or add its stack file and deploy"
        yield unfit(manifest.environment, message, mend, key=actual.name)


def _stack(
    manifest: Manifest, stack: ManifestStack, live: Actual | None, known: Container[str] | None
) -> Iterator[Finding]:
    environment = manifest.environment
    again = f"run `lockstep deploy {environment}` from release {manifest.tag}"
    if live is None:
        message = f"{stack.name}: is not deployed, and release {manifest.tag} has it"
        yield unfit(environment, message, again, file=stack.file)
        return
    if live.is_moving:
        return
    if known is not None and live.version not in known:
        message = (
            f"{stack.name}: carries the version {live.version or 'none'}, which is recorded as no release"
        )
        mend = f"{again}; stacks are changed by `lockstep deploy` alone"
        yield unfit(environment, message, mend, file=stack.file, key="Tags.Version")
    if not live.stands:
        message = f"{stack.name}: is {live.status}: {live.reason or 'no reason given'}"
        yield unfit(environment, message, "see docs/failed-deployment.md", file=stack.file)
    elif live.digest is None or live.digest != stack.digest:
        yield from _differences(manifest, stack, live, again)


def _differences(manifest: Manifest, stack: ManifestStack, live: Actual, again: str) -> Iterator[Finding]:
    environment, file = manifest.environment, stack.file
    if live.version and live.version != manifest.tag:
        message = f"{stack.name}: runs version {live.version}, and release {manifest.tag} has another content for it"
        yield unfit(environment, message, again, file=file, key="Tags.Version")
    if live.template_digest is None or live.parameters is None:
        what = "template" if live.template_digest is None else "parameters"
        message = (
            f"{stack.name}: its {what} could not be read, so that nobody knows whether it is the release's"
        )
        yield unfit(environment, message, "see the agent's log for the reason", file=file)
    if live.template_digest not in (None, stack.template_digest):
        message = (
            f"{stack.name}: its template has the digest {live.template_digest}, and release {manifest.tag} has "
            f"{stack.template_digest}"
        )
        yield unfit(environment, message, again, file=stack.template, key="Template")
    for section, wanted, found in (
        ("Parameters", stack.sent_parameters(), live.parameters),
        ("Tags", stack.sent_tags(), live.tags),
    ):
        for key, one, two in _differing(wanted, found or {}) if found is not None else ():
            if section == "Parameters" and key in stack.parameters and key not in wanted:
                continue  # Known only once deployed.
            said = f"{shown_or_none(two)}, and release {manifest.tag} has {shown_or_none(one)}"
            message = f"{stack.name}: {section}.{key} is {said}"
            yield unfit(environment, message, again, file=file, key=f"{section}.{key}")


def shown_or_none(value: str | None) -> str:
    """Return a value as people write it, or the word for none."""
    return "none" if value is None else shown(value)


def _differing(
    wanted: Mapping[str, str], found: Mapping[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    for key in sorted(wanted.keys() | found.keys()):
        one, two = wanted.get(key), found.get(key)
        if two not in (one, HIDDEN):
            yield key, one, two
