"""Packages of functions: the same input gives the same bytes, everything else another name."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipelines.packages import build_package, package_digest, package_key
from validator.errors import ConfigurationError, TechnicalError

from .project import CACHE, ROOT, Project, names, write_wheel


def test_the_zip_holds_the_modules_and_the_wheels_and_nothing_else(project: Project) -> None:
    project.write("functions/shop/__pycache__/api.cpython-311.pyc", "x")
    project.write("functions/shop/notes.txt", "x")
    project.write("functions/other/__init__.py", "")
    assert names(project.build()) == [
        "alpha-1.0.dist-info/METADATA",
        "alpha-1.0.dist-info/RECORD",
        "alpha-1.0.dist-info/WHEEL",
        "alpha/__init__.py",
        "alpha/more.py",
        "functions/__init__.py",
        "functions/shop/__init__.py",
        "functions/shop/api.py",
        "functions/shop/deep/__init__.py",
    ]


def test_entries_carry_no_time_no_owner_and_one_mode(project: Project) -> None:
    with zipfile.ZipFile(project.build()) as archive:
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert stat.S_IMODE(info.external_attr >> 16) == 0o644
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.extra == b""


def test_builder_and_version_belong_together(project: Project) -> None:
    """Another digest or other bytes from this input need another BUILDER_VERSION, and then new values here."""
    package = project.build()
    assert project.build() == package
    assert package_digest(project.root, "shop")[:16] == "5619e282bbd1a987"
    assert hashlib.sha256(package.read_bytes()).hexdigest()[:16] == "baac231e4fd3cd07"


def test_time_order_and_place_of_the_sources_do_not_matter(project: Project, tmp_path: Path) -> None:
    first = project.build()
    elsewhere = Project(tmp_path / "elsewhere" / "deeper")
    for path in sorted((elsewhere.root / "functions").rglob("*.py"), reverse=True):
        content = path.read_text(encoding="utf-8")
        path.unlink()
        path.write_text(content, encoding="utf-8")
        os.utime(path, (1, 1))
        path.chmod(0o700)
    second = build_package(elsewhere.root, "shop", tmp_path / "cache2")
    assert second.name == first.name
    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write(
            "functions/shop/api.py", "def handler(event, context):\n    return 2\n"
        ),
        lambda project: project.write("functions/shop/new.py", ""),
        lambda project: (project.root / "functions/shop/deep/__init__.py").rename(
            project.root / "functions/shop/x.py"
        ),
        lambda project: (project.root / "functions/shop/deep/__init__.py").unlink(),
        lambda project: project.write("functions/__init__.py", "X = 1\n"),
        lambda project: project.lock("# another comment is another lock\n"),
    ],
    ids=["content", "new file", "renamed", "removed", "parent", "lock"],
)
def test_any_change_of_the_input_gives_another_key(
    project: Project, change: Callable[[Project], Any]
) -> None:
    before = package_key(project.root, "shop")
    change(project)
    assert package_key(project.root, "shop") != before


def test_the_key_names_package_and_digest(project: Project) -> None:
    digest = package_digest(project.root, "shop")
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert package_key(project.root, "shop") == f"functions/shop/{digest}.zip"


def test_digest_and_key_need_neither_wheels_nor_network(project: Project) -> None:
    project.lock("nowhere==1.0 --hash=sha256:" + "0" * 64 + "\n")
    assert package_key(project.root, "shop")


@pytest.mark.parametrize("name", ["nothing", "../shop", "", "Shop", "shop/deep"])
def test_an_unknown_package_is_a_configuration_error_that_names_the_known_ones(
    project: Project, name: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        package_key(project.root, name)
    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.hint) == ("functions", name, "name one of: shop")


def test_a_missing_lock_is_a_configuration_error(project: Project) -> None:
    (project.root / "locks" / "functions.lock").unlink()
    with pytest.raises(ConfigurationError) as caught:
        package_key(project.root, "shop")
    assert caught.value.problems[0].hint == "run: make lock"


def test_a_wheel_that_does_not_exist_is_named_without_hosts_or_paths(project: Project) -> None:
    project.lock("nowhere==1.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(TechnicalError) as caught:
        project.build()
    assert str(caught.value) == "no wheel of nowhere==1.0 for Python 3.13 on arm64 Linux could be fetched"
    assert list(project.cache.rglob("*.zip")) == []
    assert list((project.cache / "wheels").iterdir()) == []


def test_a_wheel_for_another_platform_is_not_taken(project: Project) -> None:
    project.lock(write_wheel(project.index, "beta", {"beta.py": ""}, "cp313-cp313-manylinux2014_x86_64"))
    with pytest.raises(TechnicalError, match=r"no wheel of beta==1\.0 .* arm64"):
        project.build()


def test_a_wheel_for_the_runtime_is_taken(project: Project) -> None:
    project.lock(write_wheel(project.index, "beta", {"beta.py": ""}, "cp313-cp313-manylinux2014_aarch64"))
    assert "beta.py" in names(project.build())


def test_a_wheel_with_another_hash_is_refused(project: Project) -> None:
    project.lock("alpha==1.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(TechnicalError, match=r"the wheel of alpha==1\.0 is not the one that the lock names"):
        project.build()


def test_a_lock_without_hashes_is_refused(project: Project) -> None:
    project.lock("alpha==1.0\n")
    with pytest.raises(TechnicalError, match=r"fetching the wheels of: alpha==1\.0"):
        project.build()


def test_a_tampered_cache_is_found_removed_and_filled_again(project: Project) -> None:
    package = project.build()
    content = package.read_bytes()
    package.unlink()
    (wheel,) = project.cache.rglob("*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(TechnicalError, match=r"not those that the lock names: alpha-1\.0-py3-none-any\.whl"):
        project.build()
    assert project.build().read_bytes() == content


def test_an_incomplete_cache_is_found(project: Project) -> None:
    project.build().unlink()
    next(project.cache.rglob("*.whl")).unlink()
    with pytest.raises(TechnicalError, match="some are missing"):
        project.build()


def test_two_wheels_that_hold_the_same_path_with_other_content_are_refused(project: Project) -> None:
    lines = [write_wheel(project.index, name, {"common.py": f"X = '{name}'\n"}) for name in ("beta", "gamma")]
    project.lock(*lines)
    with pytest.raises(TechnicalError, match=r"both hold common\.py"):
        project.build()


def test_builders_at_the_same_time_end_with_one_package(project: Project) -> None:
    code = """
import sys
from pathlib import Path
from pipelines.packages import build_package
print(build_package(Path(sys.argv[1]), "shop", Path(sys.argv[2])))
"""
    command = [sys.executable, "-c", code, str(project.root), str(project.cache)]
    builders = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {builder.communicate()[0].strip() for builder in builders}
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert printed == {str(project.build())}
    assert len(list(project.cache.rglob("*.zip"))) == 1
    assert [path.name for path in (project.cache / "wheels").iterdir() if path.name.startswith("tmp")] == []


def test_stacks_side_by_side_build_a_package_once(project: Project) -> None:
    """A second build would put another file in the place of the first."""
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(lambda _: project.build().stat().st_ino, range(4)))
    assert len(set(files)) == 1


@pytest.mark.parametrize("name", ["functions", "functions-consistency", "functions-gate", "functions-orders"])
def test_the_lock_holds_what_the_runtime_lacks_in_the_versions_that_the_tests_run_with(name: str) -> None:
    pinned = re.compile(r"^([a-z0-9-]+)==(\S+)(.*?)\\?$", re.MULTILINE)
    lock = {
        one: (version, rest.strip())
        for one, version, rest in pinned.findall((ROOT / f"locks/{name}.lock").read_text())
    }
    dev = (ROOT / "locks/dev.lock").read_text()
    tested = {one: version for one, version, _ in pinned.findall(dev)}
    assert "aws-lambda-powertools" in lock
    assert {one: one in lock for one in ("pyyaml", "tzdata", "aws-xray-sdk", "pydantic-core")} == {
        "pyyaml": name in ("functions-consistency", "functions-gate"),
        "tzdata": name == "functions-gate",  # Freezes are in a time zone (REQ-G9).
        "aws-xray-sdk": name == "functions-orders",  # Half of what importing a handler costs (REQ-C6).
        "pydantic-core": False,
    }
    assert not {"boto3", "botocore", "s3transfer", "urllib3", "python-dateutil", "six"} & set(lock)
    # Data alone, for a runtime that knows no zones: `test_gate_package.py` reads it out of the package.
    tested["tzdata"] = lock.get("tzdata", ("",))[0]
    assert {one: version for one, (version, _) in lock.items()} == {one: tested[one] for one in lock}
    # pip reads a marker for the interpreter it runs on, not for the one it downloads for.
    assert {rest for _, rest in lock.values()} == {""}


def test_the_real_package_runs_here_from_the_zip_alone(tmp_path: Path) -> None:
    """The C extensions in it are for arm64 and Python 3.13; everything falls back to Python where they do not fit."""
    package = build_package(ROOT, "orders", CACHE)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
        infos = archive.infolist()
    assert [info.filename for info in infos] == sorted({info.filename for info in infos})
    assert not [info for info in infos if info.filename.endswith((".pyc", ".c"))]
    assert [info for info in infos if info.filename.endswith("aarch64-linux-gnu.so")]
    code = """
import json, sys
sys.path.insert(0, sys.argv[1])
import functions.orders.api, functions.orders.processor
import wrapt, aws_lambda_powertools, aws_xray_sdk, jmespath, typing_extensions
packaged = (functions, wrapt, aws_lambda_powertools, aws_xray_sdk, jmespath, typing_extensions)
ours = {module.__name__: module.__file__ for module in packaged}
names = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
context = type("Context", (), dict.fromkeys(names, "x"))
functions.orders.api.intake = lambda: None
print(json.dumps(ours))
print(json.dumps(functions.orders.api.handler({"httpMethod": "GET", "path": "/health"}, context())["statusCode"]))
"""
    ended = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert all(path.startswith(str(tmp_path)) for path in json.loads(lines[0]).values())
    assert lines[-1] == "200"
