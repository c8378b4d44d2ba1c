"""A session on a page is held to what was said: another line fails, another time does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e import transcript
from tests.e2e.transcript import Session

PAGE = """# A page

```console
$ python -c "..."
deployed at 2026-03-02T09:30Z, sha256:0123456789abcdef... in 4.2 s
...
by commit 0123abc
done
$ python again
```
"""
SAID = [
    "deployed at 2027-01-01T00:00:05.123456Z, sha256:ff00 in 12 s",
    "more",
    "yet more",
    "by commit fedcba987",
    "done",
]


def differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str], again: int = 0
) -> list[str]:
    """Return the differences of the page from a session that said these lines, and from a second command."""
    page = tmp_path / "page.md"
    (tmp_path / "script.py").write_text("".join(f"print({line!r})\n" for line in said), encoding="utf-8")
    monkeypatch.setattr(transcript, "BIN", Path(sys.executable).parent)
    page.write_text(PAGE.replace('-c "..."', "script.py").replace("again", "-V\n..."), encoding="utf-8")
    session = Session(tmp_path)
    session.type({}, "python -V", wanted=1)
    for command in ("python script.py", "python -V")[: 2 - again]:
        assert session.type({}, command).returncode == 0
    return session.differences(page)


def test_times_digests_durations_and_commits_may_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what three dots stand for: any lines, or none. A command that is tried again counts once."""
    assert differences(tmp_path, monkeypatch, SAID) == []
    assert differences(tmp_path, monkeypatch, [SAID[0], *SAID[3:]]) == []


@pytest.mark.parametrize(
    "said",
    [
        SAID[1:],
        SAID[:-1],
        [*SAID, "and more"],
        [*SAID[:-1], "not done"],
        [SAID[0].replace("deployed", "kept"), *SAID[1:]],
    ],
)
def test_another_line_is_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    (found,) = differences(tmp_path, monkeypatch, said)
    assert found.startswith("$ python script.py\nthe page has:\n")


def test_a_command_that_was_not_typed_is_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = differences(tmp_path, monkeypatch, SAID, again=1)
    assert found.startswith("the page has ['python script.py', 'python -V'], typed was ['python script.py']")
