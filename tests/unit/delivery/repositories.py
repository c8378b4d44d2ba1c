"""A small git repository with a release, environment branches and a remote, for tests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

WHO = (
    "-c",
    "user.name=alex",
    "-c",
    "user.email=alex@example.com",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "tag.gpgsign=false",
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository below `root`."""

    root: Path

    def git(self, *arguments: str) -> str:
        """Run git as somebody whom no machine knows."""
        command = ["git", "-C", str(self.root), *WHO, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str, tag: str = "") -> str:
        """Commit a text as the only file, with a tag where one is given, and return the commit."""
        (self.root / "file").write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def text(self, reference: str) -> str:
        """Return what the file has in a commit."""
        return self.git("show", f"{reference}:file")

    @classmethod
    def made(cls, root: Path) -> Repository:
        """Make a repository with releases v1 and v2, and `env/dev` at v2."""
        root.mkdir()
        made = cls(root)
        made.git("init", "-q", "-b", "main")
        made.git("config", "user.name", "alex")
        made.git("config", "user.email", "alex@example.com")
        made.git("config", "commit.gpgsign", "false")
        made.commit("one", "v1")
        made.commit("two", "v2")
        made.git("branch", "env/dev")
        return made

    def with_remote(self, folder: Path) -> Repository:
        """Give the repository a bare remote that has everything, and return that."""
        made = self.with_remote_of_main(folder)
        self.git("push", "-q", "origin", "env/dev")
        return made

    def with_remote_of_main(self, folder: Path) -> Repository:
        """Give the repository a bare remote that has main and every tag, and return that."""
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
        self.git("remote", "add", "origin", str(folder))
        self.git("push", "-q", "origin", "main", "--tags")
        return Repository(folder)
