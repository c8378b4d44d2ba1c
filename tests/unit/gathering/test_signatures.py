"""Who signed the commits of a release, with real keys and a real git (REQ-G2)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines.gathering.signatures import FILE, signatures
from tests.unit.delivery.repositories import Repository
from validator.errors import FailureError


class Signing(Repository):
    """A repository whose releases are signed, and the keys of people."""

    def key(self, who: str) -> Path:
        """Return somebody's key, made once."""
        path = self.root.parent / who
        if not path.exists():
            made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", str(path)]
            subprocess.run(made, check=True)
        return path

    def allow(self, *people: str, tag: str) -> str:
        """Commit the allowed signers, with a tag, and return the commit."""
        keys = [f"{who}@example.com {self.key(who).with_suffix('.pub').read_text()}" for who in people]
        (self.root / FILE).parent.mkdir(exist_ok=True)
        (self.root / FILE).write_text("".join(keys), encoding="utf-8")
        return self.commit(tag, tag)

    def signed(self, who: str, text: str, *more: str) -> str:
        """Commit a text, signed by somebody."""
        (self.root / "file").write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git(*self.signing(who), "commit", "-q", "-S", "-m", text, *more)
        return self.git("rev-parse", "HEAD")

    def signing(self, who: str) -> tuple[str, ...]:
        return ("-c", "gpg.format=ssh", "-c", f"user.signingkey={self.key(who)}")

    def signers(self, tag: str, since: str) -> dict[str, str]:
        """Return who signed each commit, by the file of what entered before."""
        return {one.commit: one.signer for one in signatures(self.root, tag, (since,), since)}


@pytest.fixture
def work(tmp_path: Path) -> Signing:
    return Signing(Repository.made(tmp_path / "work").root)


def test_every_commit_has_its_signer(work: Signing) -> None:
    since = work.allow("kim", "sam", tag="v3")
    first = work.signed("kim", "four", "--author", "Ann <ann@example.com>")
    second = work.signed("sam", "five")
    work.git("tag", "v4")
    assert work.signers("v4", since) == {first: "kim@example.com", second: "sam@example.com"}


def test_what_nobody_signed_and_what_a_stranger_signed_has_none(work: Signing) -> None:
    since = work.allow("kim", tag="v3")
    unsigned, strange = work.commit("four"), work.signed("mallory", "five")
    work.git("tag", "v4")
    assert work.signers("v4", since) == {unsigned: "", strange: ""}


def test_a_commit_that_was_changed_after_it_was_signed_has_none(work: Signing) -> None:
    since = work.allow("kim", tag="v3")
    signed = work.signed("kim", "four")
    text = work.git("cat-file", "commit", signed).replace("four", "five")
    made = ["git", "-C", str(work.root), "hash-object", "-t", "commit", "-w", "--stdin"]
    done = subprocess.run(made, input=text + "\n", text=True, capture_output=True, check=True)
    forged = done.stdout.strip()
    work.git("tag", "v4", forged)
    assert work.signers("v4", since) == {forged: ""}


def test_the_keys_are_those_of_what_entered_before(work: Signing) -> None:
    """Who makes a release allows nobody in it: neither themselves, nor their second key for another."""
    since = work.allow("kim", tag="v3")
    (work.root / FILE).write_text(f"kim@example.com {work.key('mallory').with_suffix('.pub').read_text()}")
    forged = work.signed("mallory", "four")
    work.git("tag", "v4")
    assert work.signers("v4", since) == {forged: ""}
    assert work.signers("v4", since) != {
        one.commit: one.signer for one in signatures(work.root, "v4", (since,), "v4")
    }


def test_without_such_a_file_nobody_can_tell(work: Signing) -> None:
    with pytest.raises(FailureError, match="has no pipelines/allowed_signers"):
        signatures(work.root, "v2", ("v1",), "v1")


def merged(work: Signing, other: str = "") -> str:
    """Merge a signed branch without a signature, as GitHub does with a key of its own."""
    work.git("switch", "-q", "-c", "feature")
    (work.root / "more").write_text("more", encoding="utf-8")
    work.signed("kim", "three")
    work.git("switch", "-q", "main")
    work.git("merge", "-q", "--no-ff", "--no-commit", "feature")
    if other:
        (work.root / "more").write_text(other, encoding="utf-8")
        work.git("add", "-A")
    work.git("commit", "-q", "-m", "merge")
    work.git("tag", "v4")
    return work.git("rev-parse", "HEAD")


def test_a_merge_that_has_nothing_of_its_own_needs_no_signature(work: Signing) -> None:
    since = work.allow("kim", tag="v3")
    merge = merged(work)
    assert merge not in work.signers("v4", since)
    assert list(work.signers("v4", since).values()) == ["kim@example.com"]


def test_a_merge_that_has_something_of_its_own_does(work: Signing) -> None:
    since = work.allow("kim", tag="v3")
    merge = merged(work, "smuggled")
    assert work.signers("v4", since)[merge] == ""


def test_a_keyring_of_this_machine_counts_for_nothing(work: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever verifies signatures of gpg here: nobody reviewed whose they are."""
    since = work.allow("kim", tag="v3")
    gpg = work.root.parent / "gpg"
    gpg.write_text(
        "#!/bin/sh\ncat >/dev/null\n"
        'case "$*" in *--verify*) echo "[GNUPG:] GOODSIG 0 kim@example.com"; '
        'echo "[GNUPG:] TRUST_ULTIMATE 0 pgp";; *) echo "[GNUPG:] SIG_CREATED " >&2; '
        'printf -- "-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n";; esac\n'
    )
    gpg.chmod(0o700)
    (work.root / "file").write_text("four", encoding="utf-8")
    work.git("-c", f"gpg.program={gpg}", "commit", "-q", "-a", "-S", "-m", "four")
    work.git("tag", "v4")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "gpg.program")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(gpg))
    assert work.git("log", "-1", "--format=%G?") == "G", "git itself would take it"
    assert list(work.signers("v4", since).values()) == [""]
