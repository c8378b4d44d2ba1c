"""The manifests of a project as it was rendered. Pure (REQ-C8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.configuration.encoding import digest_of, parameters_text
from pipelines.configuration.manifest import Manifest, ManifestStack
from validator.digest import RELEASE_TAGS
from validator.model import Project, Stack

Settings = Mapping[tuple[str, str], Mapping[str, Any]]
"""Every written setting by (group, path), then by environment, as parity judges them."""


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
            parameters_digest=digest_of(parameters_text(workload, environment, tag, stacks)),
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
