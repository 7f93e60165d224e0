"""All pages of the admin that a person can reach by links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from tests.platform import EMAIL, PASSWORD, Platform

_LINK = re.compile(r'(?:href|src|action|data-url)="([^"\s{}]+)"')
_NOT_FOLLOWED = re.compile(r"/logout/|/static/|/jsi18n/|/password")


def crawl(platform: Platform, most: int) -> Iterator[tuple[str, bytes]]:
    """(path, page) of the pages reachable from the index, as root; no more than `most`."""
    opener, _token = _log_in(platform.url)
    waiting, seen = ["/admin/projects/", "/admin/projects/leaky/"], set[str]()
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        try:
            with opener.open(platform.url + path) as answer:
                page = answer.read()
        except HTTPError as error:
            page = error.read()
        yield path, page
        waiting += [
            link for link in _links(platform.url + path, page.decode(errors="replace")) if link not in seen
        ]


def submit(platform: Platform, path: str, form: dict[str, str]) -> None:
    """Send a form of the admin as root; fails where it is shown again."""
    opener, token = _log_in(platform.url)
    with opener.open(
        platform.url + path, urlencode({**form, "csrfmiddlewaretoken": token}).encode()
    ) as answer:
        assert urlsplit(answer.url).path != path, answer.read().decode()


def _log_in(origin: str) -> tuple[OpenerDirector, str]:
    """Whoever is logged in, and the token for forms."""
    jar = CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    opener.addheaders = [("Referer", origin)]
    opener.open(f"{origin}/admin/login/").close()
    token = next(cookie.value or "" for cookie in jar if cookie.name == "m3m_csrf")
    form = {"username": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/projects/"}
    with opener.open(f"{origin}/admin/login/", urlencode(form).encode()) as answer:
        assert answer.url.endswith("/admin/projects/"), answer.url
    return opener, next(cookie.value or "" for cookie in jar if cookie.name == "m3m_csrf")


def _links(base: str, page: str) -> Iterator[str]:
    for link in _LINK.findall(page):
        found = urlsplit(urljoin(base, unescape(link)))
        path = found.path + (f"?{found.query}" if found.query and len(found.query) < 60 else "")
        if (
            found.netloc == urlsplit(base).netloc
            and path.startswith("/admin/")
            and not _NOT_FOLLOWED.search(path)
        ):
            yield path
