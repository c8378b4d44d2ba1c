"""An environment as it runs against the release that is recorded for it (REQ-C3, REQ-V10). Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from pipelines.configuration.manifest import Manifest, ManifestStack
from pipelines.consistency.actual import HIDDEN, Actual, Place
from pipelines.consistency.instances import Instance, instances
from validator.environments import SHARED
from validator.findings import Finding, Severity
from validator.parity import shown

CHECK = "consistency"
_NO_RELEASE = re.compile(r"^[^v]|-\d+-g[0-9a-f]+(-|$)|-dirty")
GONE_MEND = (
    "where somebody deleted it, delete that instance from the StackSet, retaining stacks, and create it again"
)


def unfit(environment: str, message: str, remediation: str, *, file: str = "", key: str = "") -> Finding:
    """Return the finding for an environment that is not, or could not be told to be, what it should be."""
    return Finding(CHECK, Severity.ERROR, file, key, None, message, remediation, (environment,))


def against_release(
    manifest: Manifest,
    actuals: Iterable[Actual],
    known: Container[str] | None = None,
    templates: Mapping[str, str] | None = None,
    left: Mapping[Place, str] | None = None,
) -> Iterator[Finding]:
    """Yield what differs between the stacks that run and those of the release that is recorded for the environment.

    `known` are the versions that are recorded as releases; None leaves that question out. `templates` has the release's
    templates by digest: those that have StackSets explain the stacks that these made. `left` names the release that
    had a stack which this one has no more: that is a warning, since a deployment deletes no stack. What a stack does
    while an operation is under way, and what only a deployment knows, is not judged.
    """
    yield from (finding for _, finding in by_stack(manifest, actuals, known, templates, left))


def by_stack(
    manifest: Manifest,
    actuals: Iterable[Actual],
    known: Container[str] | None = None,
    templates: Mapping[str, str] | None = None,
    left: Mapping[Place, str] | None = None,
) -> Iterator[tuple[Place, Finding]]:
    """Yield the findings of `against_release`, each with the place of the stack that it is about."""
    live = {actual.place: actual for actual in actuals if actual.is_there}
    for stack in manifest.stacks:
        place = (stack.account, stack.region, stack.external_name)
        yield from ((place, finding) for finding in _stack(manifest, stack, live.pop(place, None), known))
    for instance in instances(manifest, templates or {}):
        those = [place for place in live if instance.has(place)]
        place = those[0] if those else instance.place
        own = live.pop(place, None)
        yield from ((place, finding) for finding in _instance(manifest, instance, own, known))
    for place, actual in sorted(live.items()):
        message = f"{actual.name} runs in {actual.account} {actual.region}, and is no stack of release {manifest.tag}"
        mend = "delete it when nothing needs it, or add its stack file and deploy"
        found = unfit(manifest.environment, message, mend, key=actual.name)
        if tag := (left or {}).get(place):
            message = f"{message}: it is left of {tag}, since a deployment deletes no stack"
            found = replace(found, message=message, severity=Severity.WARNING)
        yield place, found


def deploy_again(environment: str, tag: str) -> str:
    """Return the command that brings an environment to what is recorded there: by name, where that is a release.

    What was deployed without one has a name that says from which commit (`pipelines.release`).
    """
    if environment == SHARED or _NO_RELEASE.search(tag):
        return f"run `lockstep deploy {environment}` from {tag}"
    return f"run `lockstep deploy {environment} --release {tag}`"


def _again(manifest: Manifest) -> str:
    return deploy_again(manifest.environment, manifest.tag)


def _stack(
    manifest: Manifest, stack: ManifestStack, live: Actual | None, known: Container[str] | None
) -> Iterator[Finding]:
    if live is None:
        message = f"{stack.name}: is not deployed, and release {manifest.tag} has it"
        yield unfit(manifest.environment, message, _again(manifest), file=stack.file)
    elif not live.is_moving:
        same = live.digest is not None and live.digest == stack.digest
        yield from _standing(manifest, stack, stack.name, live, None if same else known)
        if live.stands and not same:
            yield from _differences(manifest, stack, live)


def _instance(
    manifest: Manifest, instance: Instance, live: Actual | None, known: Container[str] | None
) -> Iterator[Finding]:
    """Yield how a stack of a StackSet differs from what the release's StackSet says, as far as that is known."""
    name = f"{instance.stack_set} in {instance.account} {instance.region}"
    environment, owner = manifest.environment, instance.owner
    if live is None:
        message = (
            f"{name}: the StackSet of {owner.name} has no stack there, and release {manifest.tag} has one"
        )
        mend = f"{_again(manifest)}; {GONE_MEND}"
        yield unfit(environment, message, mend, file=owner.file)
        return
    if live.is_moving:
        return
    differing = list(_instance_differences(manifest, instance, name, live))
    yield from _standing(manifest, owner, name, live, known if differing else None)
    if live.stands:
        yield from differing


def _instance_differences(
    manifest: Manifest, instance: Instance, name: str, live: Actual
) -> Iterator[Finding]:
    environment, owner = manifest.environment, instance.owner
    yield from _unread(manifest, owner, name, live)
    mend = (
        f"{_again(manifest)}; where that finds nothing to do, update the StackSet with its present template"
    )
    digest = live.template_digest
    if digest is not None and not digest.startswith(f"sha256:{instance.template}"):
        message = f"{name}: its template has the digest {digest}, and release {manifest.tag} has another"
        yield unfit(environment, message, mend, file=owner.file, key="Template")
    wanted, found = instance.parameters, live.parameters
    shared = {key: found[key] for key in wanted if key in found} if found is not None else wanted
    for key, said in _values(manifest, "Parameters", wanted, shared):
        yield unfit(environment, f"{name}: {said}", mend, file=owner.file, key=key)


def _standing(
    manifest: Manifest, stack: ManifestStack, name: str, live: Actual, known: Container[str] | None
) -> Iterator[Finding]:
    """Yield what is wrong with a stack beside its content.

    `known` is None where that is the release's: a deployment does not touch such a stack, and leaves it the version of
    the one that did (REQ-P6), which another home may have recorded, or none.
    """
    environment, file = manifest.environment, stack.file
    if known is not None and live.version not in known:
        message = f"{name}: carries the version {live.version or 'none'}, which is recorded as no release"
        mend = f"{_again(manifest)}; stacks are changed by `lockstep deploy` alone"
        yield unfit(environment, message, mend, file=file, key="Tags.Version")
    if not live.stands:
        message = f"{name}: is {live.status}: {live.reason or 'no reason given'}"
        yield unfit(environment, message, "see docs/failed-deployment.md", file=file)


def _differences(manifest: Manifest, stack: ManifestStack, live: Actual) -> Iterator[Finding]:
    environment, file, again = manifest.environment, stack.file, _again(manifest)
    if live.version and live.version != manifest.tag:
        message = f"{stack.name}: runs version {live.version}, and release {manifest.tag} has another content for it"
        yield unfit(environment, message, again, file=file, key="Tags.Version")
    yield from _unread(manifest, stack, stack.name, live)
    if live.template_digest not in (None, stack.template_digest):
        message = (
            f"{stack.name}: its template has the digest {live.template_digest}, and release {manifest.tag} has "
            f"{stack.template_digest}"
        )
        yield unfit(environment, message, again, file=stack.template, key="Template")
    differing = list[tuple[str, str]]()
    if live.parameters is not None:
        wanted = stack.sent_parameters()
        # What is known only once deployed is not judged.
        found = {k: v for k, v in live.parameters.items() if k in wanted or k not in stack.parameters}
        differing = list(_values(manifest, "Parameters", wanted, found))
    differing += _values(manifest, "Tags", stack.sent_tags(), live.tags)
    for key, said in differing:
        yield unfit(environment, f"{stack.name}: {said}", again, file=file, key=key)


def _unread(manifest: Manifest, stack: ManifestStack, name: str, live: Actual) -> Iterator[Finding]:
    """Yield that a part of a stack could not be read: not knowing is not being right."""
    if live.template_digest is None or live.parameters is None:
        what = "template" if live.template_digest is None else "parameters"
        message = f"{name}: its {what} could not be read, so that nobody knows whether it is the release's"
        yield unfit(manifest.environment, message, "see the agent's log for the reason", file=stack.file)


def _values(
    manifest: Manifest, section: str, wanted: Mapping[str, str], found: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the key of each value that differs, and both values in words."""
    for key, one, two in _differing(wanted, found):
        said = f"{shown_or_none(two)}, and release {manifest.tag} has {shown_or_none(one)}"
        yield f"{section}.{key}", f"{section}.{key} is {said}"


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
