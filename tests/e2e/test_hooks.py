"""What hooks put where: packages and templates, once, under the key that the stack names (REQ-C10, REQ-O1).

Sceptre's own stacks and hooks, and a real bucket in each region of an account of the test's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines import aws as clients
from pipelines.deploy import Deployment
from pipelines.packages import SourcesChangedError
from pipelines.workspace import Workspace
from sandbox import accounts
from sandbox.place import Record
from tests.e2e.conftest import Client
from tests.unit.packages.project import write_wheel
from validator.loader import Loaded, survey

CORPUS = Path(__file__).parents[1] / "corpus" / "projects" / "good" / "home"
STACK = "staging/control/forwarder"
OREGON, VIRGINIA, OHIO = "us-west-2", "us-east-1", "us-east-2"
STACK_FILE = """template:
  type: file
  path: forwarder.yaml
hooks:
  before_create:
    - {hook} shop
    - !upload_template queue.yaml
parameters:
  HomeAccount: !home account
  HomeRegion: !home region
  TemplateKey: !template_key queue.yaml
  PackageKey: !package shop
"""


@pytest.fixture(autouse=True)
def operator_here(sandbox: Record, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be the operator in this process, as a shell of a user is."""
    for name, value in accounts.variables(sandbox.endpoint).items():
        monkeypatch.setenv(name, value)
    caches = (clients._session, clients._client)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def buckets(client: Client, account: str) -> dict[str, Any]:
    """Make a bucket in each region, its name in Parameter Store, and the role that deploys; return S3 by region."""
    role = accounts.role_name("staging")
    iam = client("iam", account=account)
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=accounts.trust_policy())
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    found = {}
    for region in (OREGON, VIRGINIA, OHIO):
        s3, name = client("s3", account=account, region=region), f"artifacts-{account}-{region}"
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != VIRGINIA else {}
        s3.create_bucket(Bucket=name, **place)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        client("ssm", account=account, region=region).put_parameter(
            Name="/control/staging/artifacts/BucketName", Value=name, Type="String"
        )
        found[region] = s3
    return found


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the wheels of every project here are kept, so that pip fetches them once."""
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture
def project(tmp_path: Path, account: str, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with a package, one wheel of its own index in it, in the test's account."""
    root = tmp_path / "project"
    shutil.copytree(CORPUS, root, symlinks=True, ignore=shutil.ignore_patterns(".lockstep"))
    place = root / "sceptre/config/staging/config.yaml"
    place.write_text(f'account: "{account}"\n', encoding="utf-8")
    template = root / "templates/forwarder.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(
        text.replace("Resources:\n", "  PackageKey:\n    Type: String\nResources:\n", 1), "utf-8"
    )
    for path in ("functions/__init__.py", "functions/shop/__init__.py"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("", encoding="utf-8")
    (root / "functions/shop/api.py").write_text("def handler(event, context):\n    return 1\n", "utf-8")
    (root / "locks").mkdir()
    lock = write_wheel(tmp_path / "index", "alpha", {"alpha/__init__.py": "VALUE = 1\n"})
    (root / "locks/functions.lock").write_text(lock, encoding="utf-8")
    (root / ".lockstep/packages").mkdir(parents=True)
    (root / ".lockstep/packages/wheels").symlink_to(wheels)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return root


def loaded(project: Path, hook: str = "!upload_package") -> Loaded:
    (project / "sceptre/stacks/control/forwarder.yaml").write_text(STACK_FILE.format(hook=hook), "utf-8")
    found = survey(project)
    assert STACK in found.sceptre_stacks, found.problems
    return found


def run_hooks(found: Loaded) -> None:
    """Run what Sceptre runs before it creates the stack, in its order."""
    for hook in found.sceptre_stacks[STACK].hooks["before_create"]:
        hook.run()


def objects(buckets: dict[str, Any], account: str, region: str) -> dict[str, int]:
    """Return the versions of each object in a region's bucket."""
    found = buckets[region].list_object_versions(Bucket=f"artifacts-{account}-{region}").get("Versions", [])
    keys = [one["Key"] for one in found]
    return {key: keys.count(key) for key in keys}


def named(found: Loaded) -> dict[str, str]:
    parameters = found.project[STACK].parameters
    return {name: str(parameters[name]) for name in ("PackageKey", "TemplateKey")}


def test_each_is_put_once_under_the_key_that_the_stack_names(
    project: Path, buckets: dict[str, Any], account: str
) -> None:
    found = loaded(project)
    run_hooks(found)
    run_hooks(loaded(project))
    keys = named(found)
    assert objects(buckets, account, OREGON) == dict.fromkeys(keys.values(), 1)
    bucket = f"artifacts-{account}-{OREGON}"
    body = buckets[OREGON].get_object(Bucket=bucket, Key=keys["TemplateKey"])["Body"].read()
    assert (
        hashlib.sha256(body).digest()
        == hashlib.sha256((project / "templates/queue.yaml").read_bytes()).digest()
    )
    assert objects(buckets, account, OHIO) == objects(buckets, account, VIRGINIA) == {}


def test_a_package_goes_to_every_region_with_an_agent(
    project: Path, buckets: dict[str, Any], account: str
) -> None:
    found = loaded(project, "!upload_package_to_regions")
    run_hooks(found)
    for region in (OREGON, VIRGINIA, OHIO):
        assert named(found)["PackageKey"] in objects(buckets, account, region)


@pytest.mark.parametrize(
    ("changed", "what"),
    [("functions/shop/api.py", "package shop"), ("templates/queue.yaml", "template queue.yaml")],
)
def test_what_changed_since_the_stack_was_rendered_is_not_uploaded(
    project: Path, buckets: dict[str, Any], account: str, changed: str, what: str
) -> None:
    """The function would point at an object that is not there; the stack is not deployed, and the next run is right."""
    found = loaded(project)
    assert found.sceptre_stacks[STACK].parameters["PackageKey"] == named(found)["PackageKey"]
    with (project / changed).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    with pytest.raises(
        SourcesChangedError, match=f"{what} changed after the stack that uses it was rendered"
    ):
        run_hooks(found)
    assert (
        not {named(loaded(project))[key] for key in ("PackageKey", "TemplateKey")}
        <= objects(buckets, account, OREGON).keys()
    )
    run_hooks(loaded(project))
    assert set(named(loaded(project)).values()) <= objects(buckets, account, OREGON).keys()


class Silent:
    """Nobody listens to a deployment's progress."""

    def started(self, *_: object) -> None: ...
    def still(self, *_: object) -> None: ...
    def placed(self, *_: object) -> None: ...
    def ended(self, *_: object) -> None: ...


def test_a_deployment_whose_sources_changed_stops_before_that_stack(
    project: Path, buckets: dict[str, Any], client: Client, account: str
) -> None:
    """REQ-O1, REQ-X2: an error of the input, with exit code 2; the stack is not there."""
    found = loaded(project)
    workspace = Workspace(project)
    assert workspace.loaded().sceptre_stacks.keys() == found.sceptre_stacks.keys()
    (project / "functions/shop/api.py").write_text("# changed\n", encoding="utf-8")
    with pytest.raises(SourcesChangedError, match="mend: leave the sources alone while a deployment runs"):
        Deployment(workspace, "staging", Silent()).run()
    stacks = client("cloudformation", account=account, region=OREGON).describe_stacks()["Stacks"]
    assert "lockstep-staging-control-forwarder" not in {stack["StackName"] for stack in stacks}
