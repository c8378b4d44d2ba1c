"""Pull requests and the comments on them: found, and made or changed once (REQ-G7). I/O.

https://docs.github.com/en/rest/pulls/pulls, https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .answers import Answer, read
from .client import GitHub, path_of

State = Literal["opened", "changed", "as it was"]


class PullAnswer(Answer):
    """An open pull request."""

    number: int
    html_url: str
    body: str | None = None


class Author(Answer):
    """Who wrote a comment."""

    type: str


class CommentAnswer(Answer):
    """A comment on a pull request."""

    id: int
    body: str = ""
    user: Author | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as it is now, and what this call did about it."""

    number: int
    url: str
    state: State


def propose(github: GitHub, head: str, base: str, title: str, body: str) -> Pull:
    """Have one open pull request from branch `head` to branch `base` with this body.

    GitHub itself keeps a second one from being opened between the same branches.
    """
    where = _repository(github)
    query = {"state": "open", "head": f"{github.where.owner}:{head}", "base": base}
    found = [one for page in github.pages(f"{where}/pulls", query) for one in read(list[PullAnswer], page)]
    if not found:
        sent = {"title": title, "head": head, "base": base, "body": body}
        made = read(PullAnswer, github.make("POST", f"{where}/pulls", sent))
        return Pull(made.number, made.html_url, "opened")
    there = found[0]
    if there.body == body:
        return Pull(there.number, there.html_url, "as it was")
    changed = {"title": title, "body": body}
    github.make("PATCH", f"{where}{path_of('pulls', there.number)}", changed)
    return Pull(there.number, there.html_url, "changed")


def comment(github: GitHub, number: int, mark: str, body: str) -> State:
    """Have one comment on a pull request that begins with a mark, and let it say `body`, which begins with it too.

    Only what a machine wrote is replaced: anybody can write a comment that begins so.
    """
    where = _repository(github)
    comments = f"{where}{path_of('issues', number, 'comments')}"
    for page in github.pages(comments):
        for one in read(list[CommentAnswer], page):
            if one.body.startswith(mark) and one.user is not None and one.user.type == "Bot":
                if one.body == body:
                    return "as it was"
                github.make("PATCH", f"{where}{path_of('issues', 'comments', one.id)}", {"body": body})
                return "changed"
    github.make("POST", comments, {"body": body})
    return "opened"


def _repository(github: GitHub) -> str:
    return path_of("repos", github.where.owner, github.where.name)
