"""What a release is in one environment: its stacks, with all that parity needs. Pure (REQ-C8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.configuration.encoding import canonical, digest_of, parameters_text, to_json
from validator.effective import Symbol
from validator.model import Stack, Value

_START = "---\n"


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
        return canonical(to_json(self))

    @property
    def digest(self) -> str:
        """The digest of the stored text."""
        return digest_of(self.text)

    @property
    def parameters(self) -> bytes:
        """The rendered parameter file of the environment and release, as it is stored."""
        return parameters_text(self.workload, self.environment, self.tag, self.stacks)

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


def _sent(value: Value) -> str | None:
    """Return a value as CloudFormation keeps it: a list joined by commas; None for a symbol."""
    if isinstance(value, list):
        return None if any(isinstance(item, Symbol) for item in value) else ",".join(value)
    return None if isinstance(value, Symbol) else value
