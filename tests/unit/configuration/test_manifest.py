"""The manifest of a release: all that parity needs, in one text that is the same for the same content (REQ-C8)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.configuration import digest_of, from_json
from pipelines.configuration.keys import manifest_key, parameters_key, policy_key, template_key
from tests.unit.consistency.releases import ROOT, TAG, manifest, templates
from tests.unit.small_project import repository

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_was_written_is_read_back(environment: str) -> None:
    """A second writing gives the same bytes, so that a digest names one content."""
    written = manifest(environment)
    read = from_json(json.loads(written.text))
    assert read.text == written.text
    assert read.digest == written.digest == digest_of(written.text)
    assert read.parameters == written.parameters
    assert read.parameters_digest == digest_of(read.parameters)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_stack_comes_back_as_it_was_rendered(environment: str) -> None:
    project = repository().project
    read = from_json(json.loads(manifest(environment).text))
    for one in read.stacks:
        stack, rendered = read.stack(one, templates()[one.template_digest]), project[one.name]
        assert (stack.digest, stack.body, stack.path) == (rendered.digest, rendered.body, rendered.path)
        assert (one.digest, one.dependencies) == (rendered.digest, rendered.dependencies)
        assert {key: str(value) for key, value in stack.comparable("parameters").items()} == {
            key: str(value) for key, value in rendered.comparable("parameters").items()
        }


def test_the_manifest_names_no_release_in_its_tags_and_no_clock() -> None:
    for stack in manifest("dev").stacks:
        assert not {"Version", "SourceCommit", "DeployedAt"} & stack.tags.keys()
        assert stack.tags["ManagedBy"] == "lockstep"


def test_there_is_one_parameter_file_an_environment_and_release() -> None:
    document = json.loads(manifest("prod").parameters)
    assert (document["environment"], document["tag"]) == ("prod", TAG)
    queue = document["stacks"]["lockstep-prod-orders-queue"]
    assert (queue["account"], queue["region"]) == ("333333333333", "us-east-1")
    assert queue["parameters"]["MaxReceiveCount"] == "5"


def test_settings_are_those_of_the_environment() -> None:
    values = {name: manifest(name).settings["orders"]["functions.memory_mb"] for name in ENVIRONMENTS}
    assert values == {"dev": 512, "staging": 1024, "prod": 2048}


def test_any_change_gives_another_digest() -> None:
    one = manifest("dev")
    for other in (
        replace(one, tag="v9"),
        replace(one, policy_digest=digest_of(b"")),
        replace(one, stacks=one.stacks[1:]),
        replace(one, stacks=(replace(one.stacks[0], parameters={}), *one.stacks[1:])),
    ):
        assert other.digest != one.digest


@pytest.mark.parametrize(
    "document",
    [{}, {"schema": "lockstep/release-manifest/v9"}, {"schema": "lockstep/release-manifest/v1", "stacks": 1}],
)
def test_another_document_is_no_manifest(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is no manifest|is of schema"):
        from_json(document)


def test_keys_are_by_who_wrote_it_by_release_and_by_content() -> None:
    """REQ-P8: the first part is the one that the recorders' policies tell apart."""
    digest = "sha256:" + "a" * 64
    assert manifest_key("dev", "orders", "v1", "prod") == "dev/releases/orders/v1/prod/manifest.json"
    assert parameters_key("dev", "orders", "v1", "prod") == "dev/releases/orders/v1/prod/parameters.json"
    assert template_key("dev", digest) == f"dev/templates/sha256/{'a' * 64}.yaml"
    assert policy_key("dev", digest) == f"dev/policies/sha256/{'a' * 64}.yaml"


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:../../x", "a" * 64, "sha256:" + "A" * 64])
def test_what_is_no_digest_names_no_object(digest: str) -> None:
    with pytest.raises(ValueError, match="is no digest"):
        template_key("dev", digest)


def test_the_core_of_the_consistency_function_needs_no_sceptre() -> None:
    """Its package would be refused; see pipelines/packages/closure.py."""
    from pipelines.packages.closure import closure

    text = b"import pipelines.configuration\nimport pipelines.consistency\nimport pipelines.state.store\n"
    held = closure(Path(ROOT), {"functions/consistency/x.py": text})
    assert "validator/parity/judge.py" in held
    assert not [path for path in held if "sceptre" in path]
