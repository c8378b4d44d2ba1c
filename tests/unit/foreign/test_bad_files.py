"""One file that is wrong hides no other, and none takes long: rubbish, bombs, pipes, circles, links to elsewhere."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from validator.errors import Problem
from validator.foreign.survey import survey

from .projects import STACK, write

NAMED = "config/dev/wrong.yaml"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CONTENT: dict[str, tuple[bytes, str]] = {
    "rubbish": (bytes(range(256)) * 40, "is no UTF-8 text"),
    "UTF-16": ("template: {path: topic.yaml}\n".encode("utf-16"), "is no UTF-8 text"),
    "zeros": (b"a: \0\n", "control characters"),
    "depth": (b"[" * 100_000, "levels deep"),
    "blocks": ("".join("  " * depth + "a:\n" for depth in range(200)).encode(), "levels deep"),
    "dashes": (b"- " * 5_000 + b"a\n", "levels deep"),
    "other line ends": ("\u2028".join("  " * depth + "a:" for depth in range(200)).encode(), "levels deep"),
    "an alias bomb": (BOMB.encode(), "aliases"),
    "an alias of itself": (b"a: &a [*a]\n", "holds itself"),
    "too large": (b"#" * 1_000_001, "bytes"),
    "thousands of keys": (b"".join(b"k%06d: 1\n" % n for n in range(22_000)), "not a key"),
    "a key twice": (b"template: {path: topic.yaml}\ntemplate: {path: topic.yaml}\n", "stands twice"),
    "two documents": (b"a: 1\n---\nb: 2\n", "found another document"),
    "no mapping": (b"just text\n", "holds no mapping"),
    "syntax": (b"a: [\n", "YAML"),
    "a list of parameters": (STACK.encode() + b"parameters: [a]\n", "must be a mapping"),
    "a mapping for a parameter": (STACK.encode() + b"parameters: {Name: {a: b}}\n", "must be text"),
    "no template": (b"parameters: {}\n", "names no template"),
    "two templates": (STACK.encode() + b"template_path: topic.yaml\n", "both given"),
    "a strategy": (STACK.encode() + b"parameters_inheritance: both\n", "must be `merge` or `override`"),
    "a resolver's argument": (STACK.encode() + b"parameters: {Name: !join [a]}\n", "takes a list of two"),
    "a format": (STACK.encode() + b'parameters: {Name: !sub ["{a:99999999999}", {a: b}]}\n', "has a format"),
    "an attribute": (
        STACK.encode() + b'parameters: {Name: !sub ["{a.b}", {a: b}]}\n',
        "is no name that it is given",
    ),
    "loops": (b"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "steps"),
    "another stack": (STACK.encode() + b"dependencies: [dev/god.yaml]\n", "does not exist"),
}


def problems(root: Path) -> list[Problem]:
    """Return what is wrong, where the stacks beside it are still read."""
    started = time.process_time()
    loaded = survey(root)
    assert time.process_time() - started < 5
    assert {"dev/good", "prod/good"} <= {stack.name for stack in loaded.project.stacks}
    return list(loaded.problems)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path, {"config/dev/good.yaml": STACK, "config/prod/good.yaml": STACK})


@pytest.mark.parametrize(("content", "message"), CONTENT.values(), ids=CONTENT)
def test_a_stack_file_that_is_wrong(root: Path, content: bytes, message: str) -> None:
    (root / NAMED).write_bytes(content)
    found = problems(root)
    assert {problem.file for problem in found} == {NAMED}
    assert message in found[0].message
    assert found[0].hint
    assert found[0].check in {"config-files", "sceptre-keys", "interfaces"}


def test_a_group_that_is_wrong_is_said_once(root: Path) -> None:
    """Its stacks are there and not read; those of others are."""
    for name in ("one", "two", "deeper/three"):
        write(root, {f"config/dev/sub/{name}.yaml": STACK})
    write(root, {"config/dev/sub/config.yaml": "a: [\n"})
    (problem,) = problems(root)
    assert problem.file == "config/dev/sub/config.yaml"
    assert survey(root).project.unread == {"dev/sub/one", "dev/sub/two", "dev/sub/deeper/three"}


def test_what_is_no_file(root: Path) -> None:
    """A pipe is not waited for; a folder that is called like a file is a folder, as it is to Sceptre."""
    os.mkfifo(root / "config/dev/pipe.yaml")
    os.mkfifo(root / "config/prod/config.yaml")
    write(root, {"config/dev/folder.yaml/stack.yaml": STACK})
    (root / "config/dev/nowhere.yaml").symlink_to("missing.yaml")
    loaded = survey(root)
    assert sorted((one.file, one.message) for one in loaded.problems) == [
        ("config/dev/nowhere.yaml", "this link points at no file"),
        ("config/dev/pipe.yaml", "is no file that can be read"),
        ("config/prod/config.yaml", "is no file that can be read"),
    ]
    assert {stack.name for stack in loaded.project.stacks} == {"dev/good", "dev/folder.yaml/stack"}
    assert loaded.project.unread == {"dev/nowhere", "dev/pipe", "prod/good"}


def test_links_in_a_circle_and_out_of_the_project(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yaml").write_text(STACK, encoding="utf-8")
    (root / "config/dev/circle").symlink_to("..")
    (root / "config/dev/elsewhere").symlink_to(outside)
    (root / "config/dev/secret.yaml").symlink_to(outside / "secret.yaml")
    (root / "templates/outside.yaml").symlink_to(outside / "secret.yaml")
    write(root, {"config/dev/leads-out.yaml": "template: {path: outside.yaml}\n"})
    found = {problem.file: problem.message for problem in problems(root)}
    assert found == {
        "config/dev/circle": "this link leads back to a folder that it is in",
        "config/dev/elsewhere": "this link leads out of the project, where nothing is read",
        "config/dev/secret.yaml": "this link leads out of the project, where nothing is read",
        "config/dev/leads-out.yaml": "the template outside.yaml is not there, or not in this project",
    }


def test_a_file_that_environments_share_is_named_as_it_is_edited(root: Path) -> None:
    write(root, {"stacks/shared.yaml": STACK + "protekt: true\n"})
    for name in ("dev", "prod"):
        (root / f"config/{name}/shared.yaml").symlink_to("../../stacks/shared.yaml")
    (problem,) = problems(root)
    assert (problem.file, problem.line) == ("stacks/shared.yaml", 2)


def test_a_circle_of_dependencies(root: Path) -> None:
    write(root, {"config/dev/a.yaml": STACK + "dependencies: [dev/b.yaml]\n"})
    write(root, {"config/dev/b.yaml": STACK + "parameters: {Name: !stack_output dev/a.yaml::TopicArn}\n"})
    (problem,) = problems(root)
    assert (problem.check, "in a circle" in problem.message) == ("stack-files", True)


def test_what_sceptre_does_not_deploy_is_no_stack(root: Path) -> None:
    write(
        root,
        {"config/dev/old.yaml": STACK + "obsolete: true\n", "config/dev/off.yaml": STACK + "ignore: true\n"},
    )
    write(root, {"config/dev/new.yaml": STACK + "dependencies: [dev/old.yaml]\n"})
    assert problems(root) == []
    loaded = survey(root)
    assert loaded.project["dev/new"].dependencies == ()
    assert not loaded.project.unread


def test_a_variable_of_a_group_is_no_mistake_and_a_near_miss_is(root: Path) -> None:
    write(
        root, {"config/dev/config.yaml": "paramaters: {}\nstack_tag: {}\nx-team: a\nenvironment_tags: {}\n"}
    )
    assert [(one.key, one.check) for one in problems(root)] == [
        ("paramaters", "sceptre-keys"),
        ("stack_tag", "sceptre-keys"),
    ]


def test_an_inherited_key_is_found_where_it_is_written(root: Path) -> None:
    write(root, {"config/config.yaml": "project_code: acme\nregion: eu-west-1\nparameters:\n  Name: a\n"})
    loaded = survey(root)
    written = loaded.hierarchy.written("dev/good", "config/dev/good.yaml", ("parameters", "Name"))
    assert written == ("config/config.yaml", 4)
    assert loaded.hierarchy.written("dev/good", "config/dev/good.yaml", ("template", "path"))[1] == 1
    levels = [file for file, _ in loaded.hierarchy.levels("dev/good", "config/dev/good.yaml")]
    assert levels == ["config/config.yaml", "config/dev/good.yaml"]
