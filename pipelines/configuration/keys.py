"""Where things lie in the configuration store (REQ-C8). Pure.

Everything lies below the name of the environment whose deployments wrote it, `by`, and nobody else may write there
(REQ-P8).
"""

from __future__ import annotations

import re

SHA256 = "sha256:"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def manifest_key(by: str, workload: str, tag: str, environment: str) -> str:
    """Return the key of a release's manifest in one environment."""
    return f"{by}/releases/{workload}/{tag}/{environment}/manifest.json"


def parameters_key(by: str, workload: str, tag: str, environment: str) -> str:
    """Return the key of the one rendered parameter file of a release in one environment."""
    return f"{by}/releases/{workload}/{tag}/{environment}/parameters.json"


def template_key(by: str, digest: str) -> str:
    """Return the key of a template by its digest; raises ValueError for what is none."""
    return f"{by}/templates/sha256/{_hexadecimal(digest)}.yaml"


def policy_key(by: str, digest: str) -> str:
    """Return the key of a policy of variances by its digest; raises ValueError for what is none."""
    return f"{by}/policies/sha256/{_hexadecimal(digest)}.yaml"


def evidence_key(by: str, digest: str) -> str:
    """Return the key of a statement of evidence by its digest; raises ValueError for what is none."""
    return f"{by}/evidence/sha256/{_hexadecimal(digest)}.json"


def source_key(by: str, tag: str) -> str:
    """Return the key of a release's source, as a pipeline takes it."""
    return f"{by}/sources/{tag}.zip"


def is_digest(text: str) -> bool:
    """Tell whether a text has the form of a digest."""
    return _DIGEST.fullmatch(text) is not None


def _hexadecimal(digest: str) -> str:
    if not is_digest(digest):
        raise ValueError(f"{digest!r} is no digest of the form sha256:<64 hexadecimal digits>")
    return digest.removeprefix(SHA256)
