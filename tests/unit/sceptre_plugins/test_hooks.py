"""What hooks put where: packages and templates, once, into the artifacts buckets of their regions (REQ-C10)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines import aws, packages
from pipelines.sceptre_plugins.hooks import UploadPackage, UploadPackageToRegions, UploadTemplate
from validator.errors import ConfigurationError
from validator.loader import Loaded, survey

from ..packages.test_upload import Bucket

HOME = Path(__file__).parents[2] / "corpus" / "projects" / "good" / "home"


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return survey(HOME)


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> dict[str, Bucket]:
    """Return a bucket for each region that a hook asks for, by the name that its Parameter Store gives."""
    found: dict[str, Bucket] = {}

    class Clients:
        def __init__(self, region: str, role_arn: str | None, profile: str | None) -> None:
            assert role_arn, "the role of the environment reaches every region of its account"
            self.region = region

        def client(self, service: str) -> Any:
            if service == "s3":
                return found.setdefault(self.region, Bucket())
            return SimpleNamespace(get_parameter=self.parameter)

        def parameter(self, *, Name: str) -> Any:  # noqa: N803 - as botocore calls it
            assert Name == "/control/staging/artifacts/BucketName"
            return {"Parameter": {"Value": f"artifacts-{self.region}"}}

    monkeypatch.setattr(aws, "Aws", Clients)
    return found


def hook(kind: Any, argument: str, loaded: Loaded) -> Any:
    return kind(argument, loaded.sceptre_stacks["staging/control/forwarder"])


def test_a_template_is_put_once_under_the_key_that_stacks_name(
    loaded: Loaded, buckets: dict[str, Bucket]
) -> None:
    upload = hook(UploadTemplate, "queue.yaml", loaded)
    upload.run()
    upload.run()
    (bucket,) = buckets.values()
    assert (list(buckets), bucket.puts) == (["us-west-2"], 1)
    (key,) = bucket.objects
    assert key == loaded.project["staging/control/forwarder"].parameters["TemplateKey"]
    body = (HOME / "templates" / "queue.yaml").read_bytes()
    assert hashlib.sha256(bucket.objects[key]["Body"]).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("kind", "regions"),
    [(UploadPackage, ["us-west-2"]), (UploadPackageToRegions, ["us-west-2", "us-east-1", "us-east-2"])],
)
def test_a_package_goes_to_the_regions_that_run_it(
    kind: Any,
    regions: list[str],
    loaded: Loaded,
    buckets: dict[str, Bucket],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    sent: list[tuple[str, str]] = []
    package = tmp_path / "a.zip"
    monkeypatch.setattr(packages, "build_package", lambda root, name, cache: package)
    monkeypatch.setattr(
        packages, "upload_package", lambda root, name, path, s3, bucket: sent.append((name, bucket))
    )
    hook(kind, "agent", loaded).run()
    assert sent == [("agent", f"artifacts-{region}") for region in regions]


def test_a_template_that_does_not_exist_is_refused_before_anything_runs(loaded: Loaded) -> None:
    with pytest.raises(ConfigurationError, match=r"the template agent\.yaml does not exist"):
        hook(UploadTemplate, "agent.yaml", loaded).check()
