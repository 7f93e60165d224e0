"""`m3m doctor`: what the platform needs, checked one by one, each with a sentence on what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

from m3m_site.console import say
from m3m_site.doctor.findings import Check, Problem, Remark
from m3m_site.doctor.machine import MACHINE_CHECKS
from m3m_site.doctor.platform import PLATFORM_CHECKS

CHECKS: tuple[Check, ...] = (*MACHINE_CHECKS, *PLATFORM_CHECKS)


def main(*, as_json: bool = False) -> int:
    """Run every check; 1 when something must be mended. Raises ConfigError for a broken configuration."""
    findings = []
    for name, result, text in _findings():
        findings.append({"check": name, "result": result, "text": text})
        if not as_json:
            say(f"  {result:<5} {text}")
    if as_json:
        say(json.dumps(findings, ensure_ascii=False, indent=2))
    return int(any(finding["result"] == "wrong" for finding in findings))


def _findings() -> Iterator[tuple[str, str, str]]:
    """(name, `ok`, `note` or `wrong`, sentence), one after the other as they are found."""
    for check in CHECKS:
        name = check.__name__.removeprefix("check_")
        try:
            yield name, "ok", check()
        except Remark as remark:
            yield name, "note", str(remark)
        except Problem as problem:
            yield name, "wrong", str(problem)
