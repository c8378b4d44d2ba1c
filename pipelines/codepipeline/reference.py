"""Makes the templates of the policy: `python -m pipelines.codepipeline.reference`; a test fails when they differ."""

from __future__ import annotations

from pathlib import Path

from .template import render


def made(root: Path) -> dict[str, str]:
    """Return each template of the project below `root` by its path there."""
    from pipelines.promotion.policy_file import FILE, read

    policy = read((root / FILE).read_text(encoding="utf-8"))
    return {f"templates/{name}": text for name, text in render(policy).items()}


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    for path, text in made(root).items():
        (root / path).write_text(text, encoding="utf-8")
