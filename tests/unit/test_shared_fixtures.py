"""What several tests of a module share is made once, whatever number of workers run them."""

from __future__ import annotations

from collections import defaultdict

import pytest


def test_tests_that_share_a_fixture_of_their_module_stay_together(request: pytest.FixtureRequest) -> None:
    """One worker for each module; where the fixture has parameters, for each of them."""
    together: dict[str, set[str]] = defaultdict(set)
    for item in request.session.items:
        known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        shared = [found[-1] for found in known.values() if found[-1].scope == "module"]
        if shared:
            group = item.get_closest_marker("xdist_group")
            assert group is not None, item.nodeid
            if getattr(request.config.option, "loadgroup", False):  # In a worker of pytest-xdist.
                assert item.nodeid.endswith(f"@{group.args[0]}"), "it was grouped too late"
            params = item.callspec.params if hasattr(item, "callspec") else {}
            given = " ".join(str(params[each.argname]) for each in shared if each.argname in params)
            together[f"{item.nodeid.split('::')[0]} {given}"].add(group.args[0])
    assert [name for name, groups in together.items() if len(groups) > 1] == []
