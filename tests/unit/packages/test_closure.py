"""What a package holds of the project: the modules that its own import, directly or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.packages import package_key
from pipelines.packages.source import read_source
from validator.errors import ConfigurationError

from .project import ROOT, Project


def held(project: Project) -> set[str]:
    return {path for path, _ in read_source(project.root, "shop").modules} - OWN


OWN = {
    "functions/__init__.py",
    "functions/shop/__init__.py",
    "functions/shop/api.py",
    "functions/shop/deep/__init__.py",
}


@pytest.fixture
def shop(project: Project) -> Project:
    """Return the project with modules in pipelines and validator, of which nothing imports anything yet."""
    for package in ("pipelines", "pipelines/stock", "pipelines/till", "validator"):
        project.write(f"{package}/__init__.py", "")
    for module in (
        "pipelines/stock/count",
        "pipelines/stock/order",
        "pipelines/till/cash",
        "validator/words",
    ):
        project.write(f"{module}.py", "")
    return project


PARENTS = {"pipelines/__init__.py", "pipelines/stock/__init__.py", "pipelines/stock/count.py"}


@pytest.mark.parametrize(
    "statement",
    [
        "import pipelines.stock.count",
        "from pipelines.stock import count",
        "from pipelines.stock.count import anything",
        "def handler():\n    from pipelines.stock import count as used\n",
        "try:\n    import pipelines.stock.count\nexcept ImportError:\n    pass\n",
        "try:\n    pass\nexcept ImportError:\n    import pipelines.stock.count\n",
        "try:\n    pass\nfinally:\n    import pipelines.stock.count\n",
        "for _ in ():\n    pass\nelse:\n    import pipelines.stock.count\n",
        "if not X:\n    pass\nelif X:\n    import pipelines.stock.count\n",
        "match 1:\n    case 2:\n        with X:\n            import pipelines.stock.count\n",
    ],
)
def test_an_imported_module_comes_with_its_parents(shop: Project, statement: str) -> None:
    shop.write("functions/shop/api.py", statement)
    assert held(shop) == PARENTS


def test_imports_are_followed_through_parents_and_relative_names(shop: Project) -> None:
    shop.write("functions/shop/api.py", "from pipelines.stock import count\n")
    shop.write("pipelines/stock/__init__.py", "from .order import x\n")
    shop.write("pipelines/stock/count.py", "from ..till import cash\n")
    shop.write("pipelines/till/cash.py", "from validator.words import shown\n")
    till = {
        "pipelines/till/__init__.py",
        "pipelines/till/cash.py",
        "validator/__init__.py",
        "validator/words.py",
    }
    assert held(shop) == PARENTS | {"pipelines/stock/order.py"} | till


@pytest.mark.parametrize("guard", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_only_a_type_checker_reads_is_left_out(shop: Project, guard: str) -> None:
    text = f"if {guard}:\n    import sceptre\n    import pipelines.stock\nelse:\n    import validator.words\n"
    shop.write("functions/shop/api.py", text)
    assert held(shop) == {"validator/__init__.py", "validator/words.py"}


def test_data_files_lie_beside_included_modules(shop: Project) -> None:
    """Policies of the repository, directly in `pipelines/`, belong to no function."""
    shop.write("functions/shop/api.py", "from pipelines.stock import count\n")
    shop.write("functions/shop/rates.json", "{}")
    for file in ("pipelines/variance.yaml", "pipelines/till/rates.yaml", "pipelines/stock/notes.md"):
        shop.write(file, "{}")
    shop.write("pipelines/stock/known.yaml", "[]")
    assert held(shop) == PARENTS | {"pipelines/stock/known.yaml", "functions/shop/rates.json"}


@pytest.mark.parametrize("library", ["sceptre.stack", "click", "rich.console", "cfnlint"])
def test_what_a_function_cannot_hold_is_refused_with_the_chain_of_imports(
    shop: Project, library: str
) -> None:
    shop.write("functions/shop/api.py", "from pipelines.stock import count\n")
    shop.write("pipelines/stock/count.py", "def late():\n    from validator import words\n")
    shop.write("validator/words.py", f"import {library}\n")
    with pytest.raises(ConfigurationError) as caught:
        package_key(shop.root, "shop")
    (problem,) = caught.value.problems
    chain = f"functions/shop/api.py -> pipelines/stock/count.py -> validator/words.py -> {library}"
    assert (problem.file, problem.key) == ("validator/words.py", library)
    assert problem.message.endswith(chain)


def test_a_module_that_is_not_there_is_refused(shop: Project) -> None:
    shop.write("functions/shop/api.py", "import pipelines.stock.nothing\n")
    with pytest.raises(ConfigurationError, match=r"no such module: functions/shop/api\.py -> pipelines"):
        package_key(shop.root, "shop")


def test_a_change_far_down_gives_another_key_and_one_beside_it_does_not(shop: Project) -> None:
    shop.write("functions/shop/api.py", "from pipelines.stock import count\n")
    before = package_key(shop.root, "shop")
    shop.write("pipelines/till/cash.py", "X = 1\n")
    assert package_key(shop.root, "shop") == before
    shop.write("pipelines/stock/count.py", "X = 1\n")
    assert package_key(shop.root, "shop") != before


def test_a_package_may_have_a_lock_of_its_own(shop: Project) -> None:
    before = read_source(shop.root, "shop")
    shop.write("locks/functions-other.lock", "other")
    assert read_source(shop.root, "shop") == before
    shop.write("locks/functions-shop.lock", "own")
    assert read_source(shop.root, "shop").lock == b"own"


def test_orders_holds_nothing_of_pipelines_or_validator() -> None:
    """Its cold start would pay for it."""
    folder = {path.relative_to(ROOT).as_posix() for path in (ROOT / "functions/orders").rglob("*.py")}
    assert {path for path, _ in read_source(ROOT, "orders").modules} == folder | {"functions/__init__.py"}


def test_every_package_of_the_project_can_be_closed() -> None:
    for folder in sorted(Path(ROOT / "functions").glob("*/__init__.py")):
        assert read_source(ROOT, folder.parent.name).modules
