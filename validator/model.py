"""What a project is, once loaded: environments, their settings, and their stacks. Frozen and free of I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from graphlib import CycleError, TopologicalSorter
from typing import Any

from .digest import RELEASE_TAGS, stack_digest
from .effective import Symbol, to_json
from .environments import SHARED
from .errors import ConfigurationError, Problem

REQUIRED_TAGS = (
    "Environment",
    "Workload",
    "Version",
    "SourceCommit",
    "DeployedAt",
    "CostCenter",
    "Compliance",
    "ManagedBy",
)
"""The tags that every stack of Lockstep's own has (REQ-P6)."""

Value = str | list[str] | Symbol


@dataclass(frozen=True, slots=True)
class Stack:
    """One Sceptre stack as it would be deployed, as far as that is known offline (REQ-V1).

    `name` is the Sceptre name (`prod/orders/queue`), `external_name` CloudFormation's, `template` a path
    relative to the project, `body` its text, `role_arn` what a deployment assumes (empty for none). Values that
    exist only at deployment are symbols. `identity` has a symbol for each parameter and tag that names its environment
    (`parameters.NamePrefix`), `sources` the settings paths that a parameter or tag comes from, `resolvers` what its
    value is written with, `options` how everything else that Sceptre reads of it is written (hooks, roles, protection).
    `path` is the name below the environment (`orders/queue`), which environments share.
    """

    name: str
    environment: str
    workload: str
    account: str
    region: str
    role_arn: str
    external_name: str
    file: str
    template: str
    body: str
    parameters: Mapping[str, Value]
    tags: Mapping[str, Value]
    dependencies: tuple[str, ...]
    identity: Mapping[str, Symbol] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolvers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    def __post_init__(self) -> None:
        if not self.path:
            object.__setattr__(self, "path", self.name.split("/", 1)[-1])

    @property
    def short_name(self) -> str:
        """The name without environment and workload: `queue`."""
        return self.path.removeprefix(f"{self.workload}/")

    @property
    def group(self) -> str:
        """The folder below the environment: the workload, and the region's role where it has several regions."""
        return self.path.rpartition("/")[0]

    @property
    def parameter_path(self) -> str:
        """Where the stack publishes its outputs in the Parameter Store of its region (REQ-P7)."""
        return f"/{self.workload}/{self.environment}/{self.name.rpartition('/')[2]}"

    def comparable(self, section: str) -> dict[str, Value]:
        """Return `parameters`, `tags` or `resolvers` with identity as symbols: environments compare by structure."""
        values: Mapping[str, Value] = getattr(self, section)
        return {key: self.identity.get(f"{section}.{key}", value) for key, value in values.items()}

    @property
    def digest(self) -> str:
        """Digest of what a deployment would set: template, parameters, tags without the release's."""
        parameters = {key: to_json(value) for key, value in self.parameters.items()}
        tags = {key: to_json(value) for key, value in self.tags.items() if key not in RELEASE_TAGS}
        return stack_digest(self.sent, parameters, tags)

    @property
    def sent(self) -> str:
        """The template as it is sent: Sceptre begins every one with a document start. Lines are those of `body`."""
        return self.body if self.body.startswith("---") else f"---\n{self.body}"


@dataclass(frozen=True, slots=True)
class Project:
    """A whole monorepo: every stack of every environment, and of what belongs to none.

    `environments` are in the order of promotion; they are compared with each other. `unread` names the stacks that are
    there and could not be read; something else says why.
    """

    environments: tuple[str, ...]
    stacks: tuple[Stack, ...]
    warnings: tuple[Problem, ...] = ()
    unread: frozenset[str] = frozenset()
    _by_name: dict[str, Stack] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({stack.name: stack for stack in self.stacks})

    @property
    def places(self) -> tuple[str, ...]:
        """Everything that can be deployed: what belongs to no environment, where there is any, and the environments."""
        is_shared = any(stack.environment == SHARED for stack in self.stacks)
        is_more = is_shared and SHARED not in self.environments
        return (SHARED, *self.environments) if is_more else self.environments

    def __getitem__(self, name: str) -> Stack:
        return self._by_name[name]

    def of(self, environment: str | None = None) -> tuple[Stack, ...]:
        """Return the stacks of one of the places, or of all, in a stable order."""
        return tuple(s for s in self.stacks if environment is None or s.environment == environment)

    def batches(self, environment: str) -> list[tuple[Stack, ...]]:
        """Return the stacks of an environment in deployment order; the members of a batch are independent.

        Raises ConfigurationError when dependencies form a circle.
        """
        stacks = self.of(environment)
        sorter = TopologicalSorter({stack.name: set(stack.dependencies) for stack in stacks})
        try:
            sorter.prepare()
        except CycleError as error:
            raise circle(error.args[1], {stack.name: stack.file for stack in stacks}) from None
        found = []
        while ready := sorted(sorter.get_ready()):
            sorter.done(*ready)
            found.append(tuple(self._by_name[name] for name in ready if name in self._by_name))
        return [batch for batch in found if batch]


def project_to_json(project: Project) -> dict[str, Any]:
    """Return a project as JSON; each template's text stands once."""
    bodies = {body: index for index, body in enumerate(dict.fromkeys(stack.body for stack in project.stacks))}
    return {
        "environments": list(project.environments),
        "bodies": list(bodies),
        "stacks": [{**_stack_to_json(stack), "body": bodies[stack.body]} for stack in project.stacks],
        "warnings": [asdict(warning) for warning in project.warnings],
        "unread": sorted(project.unread),
    }


def _stack_to_json(stack: Stack) -> dict[str, Any]:
    written = {name.name: getattr(stack, name.name) for name in fields(stack) if name.name != "body"}
    for name in ("parameters", "tags", "identity"):
        written[name] = {key: to_json(value) for key, value in written[name].items()}
    return written


def project_from_json(document: Mapping[str, Any]) -> Project:
    """Return the project that `project_to_json` wrote; raises KeyError, TypeError or AttributeError for another."""

    def value(written: Any) -> Value:
        # The text is the symbol whole; taking it as a name would escape what is symbolic in it.
        return Symbol("value", (written["$symbol"],)) if isinstance(written, dict) else written

    stacks = []
    for written in document["stacks"]:
        for name in ("parameters", "tags", "identity"):
            written[name] = {key: value(item) for key, item in written[name].items()}
        written["dependencies"] = tuple(written["dependencies"])
        written["sources"] = {key: tuple(paths) for key, paths in written["sources"].items()}
        stacks.append(Stack(**{**written, "body": document["bodies"][written["body"]]}))
    warnings = tuple(problem_from_json(warning) for warning in document["warnings"])
    return Project(tuple(document["environments"]), tuple(stacks), warnings, frozenset(document["unread"]))


def problem_from_json(written: Mapping[str, Any]) -> Problem:
    """Return the problem that `asdict` wrote; raises TypeError for another."""
    return Problem(**{**written, "environments": tuple(written["environments"])})


def circle(names: list[str], files: Mapping[str, str]) -> ConfigurationError:
    """Return the error for stacks that depend on each other in a circle."""
    return ConfigurationError.single(
        f"stacks depend on each other in a circle: {' -> '.join(names)}",
        file=files.get(names[0], ""),
        key="dependencies",
        hint="take one of these dependencies out, or move what both need into a stack of its own",
    )
