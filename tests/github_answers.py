"""People, teams and apps as GitHub's API shows them, with everything that its description asks for."""

from __future__ import annotations

from typing import Any

TIME = "2026-01-01T00:00:00Z"
USER_URLS = (
    *("avatar_url", "url", "html_url", "followers_url", "following_url", "gists_url", "starred_url"),
    *("subscriptions_url", "organizations_url", "repos_url", "events_url", "received_events_url"),
)
ORGANIZATION_URLS = (
    *("url", "repos_url", "events_url", "hooks_url", "issues_url", "members_url", "public_members_url"),
    *("avatar_url", "html_url"),
)


def simple_user(login: str, number: int) -> dict[str, Any]:
    urls = dict.fromkeys(USER_URLS, f"https://api.github.example/users/{login}")
    more = {"gravatar_id": "", "type": "User", "site_admin": False}
    return {"login": login, "id": number, "node_id": "x", **urls, **more}


def user(login: str, number: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return {
        **simple_user(login, number),
        **nothing,
        **counts,
        "user_view_type": "public",
        "created_at": TIME,
        "updated_at": TIME,
    }


def app(slug: str, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "slug": slug,
        "node_id": "x",
        "owner": simple_user("example", 1),
        "name": slug,
        "description": "",
        "external_url": "https://app.example",
        "html_url": f"https://github.example/apps/{slug}",
        "created_at": TIME,
        "updated_at": TIME,
        "permissions": {"metadata": "read"},
        "events": [],
    }


def team(slug: str, number: int) -> dict[str, Any]:
    base = f"https://api.github.example/organizations/1/team/{number}"
    return {
        "id": number,
        "node_id": "x",
        "url": base,
        "html_url": f"https://github.example/orgs/example/teams/{slug}",
        "name": slug,
        "slug": slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{base}/members{{/member}}",
        "repositories_url": f"{base}/repos",
        "parent": None,
        "type": "organization",
        "organization_id": 1,
    }


def full_team(slug: str, number: int) -> dict[str, Any]:
    organization = {
        **dict.fromkeys(ORGANIZATION_URLS, "https://api.github.example/x"),
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        **dict.fromkeys(("is_verified", "has_organization_projects", "has_repository_projects"), True),
        **dict.fromkeys(("created_at", "updated_at"), TIME),
        "login": "example",
        "id": 1,
        "node_id": "x",
        "description": None,
        "archived_at": None,
        "type": "Organization",
    }
    counts = {"members_count": 3, "repos_count": 1}
    return {
        **team(slug, number),
        **counts,
        "created_at": TIME,
        "updated_at": TIME,
        "organization": organization,
    }


def gate(number: int, slug: str, integration: int) -> dict[str, Any]:
    shown = {
        "id": integration,
        "slug": slug,
        "node_id": "x",
        "integration_url": f"https://api.github.example/apps/{slug}",
    }
    return {"id": number, "node_id": "x", "enabled": True, "app": shown}
