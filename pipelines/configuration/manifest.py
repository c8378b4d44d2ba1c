"""What a release is in one environment: its stacks, with all that parity needs. Pure (REQ-C8)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from validator.digest import RELEASE_TAGS
from validator.effective import Symbol, to_json
from validator.model import Project, Stack, Value

SCHEMA = "lockstep/release-manifest/v1"
PARAMETERS = "lockstep/release-parameters/v1"
_START = "---\n"

Settings = Mapping[tuple[str, str], Mapping[str, Any]]
"""Every written setting by (group, path), then by environment, as parity judges them."""


@dataclass(frozen=True, slots=True)
class ManifestStack:
    """One stack of a release. `template_digest` is of the text as it is sent, `digest` is `Stack.digest`.

    The rest is as in `validator.model.Stack`; `tags` has no tag that names the release.
    """

    name: str
    external_name: str
    account: str
    region: str
    role_arn: str
    file: str
    template: str
    template_digest: str
    digest: str
    parameters: Mapping[str, Value]
    tags: Mapping[str, Value]
    dependencies: tuple[str, ...] = ()
    identity: Mapping[str, Symbol] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolvers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def sent_parameters(self) -> dict[str, str]:
        """Return the parameters as CloudFormation keeps them, without those that only a deployment knows."""
        return {key: sent for key, value in self.parameters.items() if (sent := _sent(value)) is not None}

    def sent_tags(self) -> dict[str, str]:
        """Return the tags as CloudFormation keeps them, without those that only a deployment knows."""
        return {key: sent for key, value in self.tags.items() if (sent := _sent(value)) is not None}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A release of one workload in one environment. `settings` are by group and path."""

    workload: str
    environment: str
    tag: str
    commit: str
    time: str
    environments: tuple[str, ...]
    stacks: tuple[ManifestStack, ...]
    settings: Mapping[str, Mapping[str, Any]]
    policy_file: str
    policy_digest: str
    parameters_digest: str

    @property
    def text(self) -> bytes:
        """The manifest as it is stored: canonical JSON."""
        return canonical(_to_json(self))

    @property
    def digest(self) -> str:
        """The digest of the stored text."""
        return digest_of(self.text)

    @property
    def parameters(self) -> bytes:
        """The rendered parameter file of the environment and release, as it is stored."""
        return _parameters(self.workload, self.environment, self.tag, self.stacks)

    def stack(self, one: ManifestStack, body: str) -> Stack:
        """Return a stack as it was rendered; `body` is its template as it was sent."""
        return Stack(
            name=one.name,
            environment=self.environment,
            workload=self.workload,
            account=one.account,
            region=one.region,
            role_arn=one.role_arn,
            external_name=one.external_name,
            file=one.file,
            template=one.template,
            body=body.removeprefix(_START),  # What Sceptre put there, so that lines are those of the file.
            parameters=one.parameters,
            tags=one.tags,
            dependencies=one.dependencies,
            identity=one.identity,
            sources=one.sources,
            resolvers=one.resolvers,
            options=one.options,
        )


def manifests(
    project: Project, settings: Settings, policy: tuple[str, bytes], release: tuple[str, str, str]
) -> Iterator[Manifest]:
    """Yield the manifest of each workload in each environment of a project, `shared` included.

    `policy` is the name and the text of the file of variances, `release` is tag, commit and time.
    """
    places = dict.fromkeys((stack.workload, stack.environment) for stack in project.stacks)
    for workload, environment in places:
        those = [s for s in project.of(environment) if s.workload == workload]
        stacks = tuple(_of_stack(stack) for stack in those)
        tag, commit, time = release
        yield Manifest(
            workload=workload,
            environment=environment,
            tag=tag,
            commit=commit,
            time=time,
            environments=project.environments,
            stacks=stacks,
            settings=_settings(settings, {stack.group for stack in those}, environment),
            policy_file=policy[0],
            policy_digest=digest_of(policy[1]),
            parameters_digest=digest_of(_parameters(workload, environment, tag, stacks)),
        )


def _settings(settings: Settings, groups: set[str], environment: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for (group, path), values in settings.items():
        if group in groups and environment in values:
            found.setdefault(group, {})[path] = values[environment]
    return found


def _of_stack(stack: Stack) -> ManifestStack:
    return ManifestStack(
        name=stack.name,
        external_name=stack.external_name,
        account=stack.account,
        region=stack.region,
        role_arn=stack.role_arn,
        file=stack.file,
        template=stack.template,
        template_digest=digest_of(stack.sent.encode()),
        digest=stack.digest,
        parameters=stack.parameters,
        tags={key: value for key, value in stack.tags.items() if key not in RELEASE_TAGS},
        dependencies=stack.dependencies,
        identity=stack.identity,
        sources=stack.sources,
        resolvers=stack.resolvers,
        options=stack.options,
    )


_PLAIN = (
    "name",
    "external_name",
    "account",
    "region",
    "role_arn",
    "file",
    "template",
    "template_digest",
    "digest",
)
_HEAD = (
    "workload",
    "environment",
    "tag",
    "commit",
    "time",
    "policy_file",
    "policy_digest",
    "parameters_digest",
)


def _to_json(manifest: Manifest) -> dict[str, Any]:
    head = {name: getattr(manifest, name) for name in _HEAD}
    return {
        "schema": SCHEMA,
        **head,
        "environments": list(manifest.environments),
        "settings": {group: dict(values) for group, values in manifest.settings.items()},
        "stacks": [_stack_to_json(stack) for stack in manifest.stacks],
    }


def _stack_to_json(stack: ManifestStack) -> dict[str, Any]:
    return {
        **{name: getattr(stack, name) for name in _PLAIN},
        **{name: _written(getattr(stack, name)) for name in ("parameters", "tags", "identity")},
        "dependencies": list(stack.dependencies),
        "sources": {key: list(paths) for key, paths in stack.sources.items()},
        "resolvers": dict(stack.resolvers),
        "options": dict(stack.options),
    }


def from_json(document: Mapping[str, Any]) -> Manifest:
    """Return the manifest that was written; raises ValueError for another document."""
    if document.get("schema") != SCHEMA:
        raise ValueError(f"is of schema {document.get('schema')}, and {SCHEMA} is read here")
    try:
        return Manifest(
            **{name: str(document[name]) for name in _HEAD},
            environments=tuple(document["environments"]),
            settings={group: dict(values) for group, values in document["settings"].items()},
            stacks=tuple(_stack_from_json(stack) for stack in document["stacks"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is no manifest: {error!r}") from None


def _stack_from_json(written: Mapping[str, Any]) -> ManifestStack:
    return ManifestStack(
        **{name: str(written[name]) for name in _PLAIN},
        parameters=_read(written["parameters"]),
        tags=_read(written["tags"]),
        dependencies=tuple(written["dependencies"]),
        identity=_read(written["identity"]),
        sources={key: tuple(paths) for key, paths in written["sources"].items()},
        resolvers=dict(written["resolvers"]),
        options=dict(written["options"]),
    )


def _parameters(workload: str, environment: str, tag: str, stacks: tuple[ManifestStack, ...]) -> bytes:
    rows = {
        stack.external_name: {
            "account": stack.account,
            "region": stack.region,
            "parameters": _written(stack.parameters),
        }
        for stack in stacks
    }
    head = {"schema": PARAMETERS, "workload": workload, "environment": environment, "tag": tag}
    return canonical({**head, "stacks": rows})


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: to_json(value) for key, value in values.items()}


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Symbol.verbatim(value["$symbol"]) if isinstance(value, Mapping) else value
        for key, value in values.items()
    }


def _sent(value: Value) -> str | None:
    """Return a value as CloudFormation keeps it: a list joined by commas; None for a symbol."""
    if isinstance(value, list):
        return None if any(isinstance(item, Symbol) for item in value) else ",".join(value)
    return None if isinstance(value, Symbol) else value


def canonical(document: Any) -> bytes:
    """Return a document as JSON that is the same for the same content: sorted keys, no space, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(content: bytes) -> str:
    """Return `sha256:` and the digest of some bytes, in hexadecimal."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
