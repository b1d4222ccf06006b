"""The benchmark's calculations, and that the pages show the recorded results."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bench import bursts, packages, page, targets
from bench.container import Taken
from bench.cost import Sweep, sections
from bench.measure import Samples
from bench.report import rows
from bench.subjects import catalogue
from tests.documents import read

CALLBACK_AND_PEERS = "cold start of callback: at most 6.5, against peers"
SPEED: dict[str, Any] = json.loads(read("docs/speed.json"))


def test_the_pages_say_what_the_recorded_runs_say() -> None:
    cost = sections(Sweep.read(json.loads(read("docs/sweep.json"))))
    for document, name, expected in (
        ("docs/speed.md", "summary", page.summary(SPEED)),
        ("docs/speed.md", "bench", page.speed(SPEED)),
        ("docs/decisions/sessions.md", "modes", page.modes(SPEED)),
        ("docs/cost.md", "cost", cost["cost"]),
        ("docs/cost.md", "bursts", cost["bursts"]),
    ):
        shown = read(document).partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]
        assert shown.strip() == expected.strip(), name


def row(document: dict[str, Any], subject: str, route: str) -> dict[str, Any]:
    (found,) = (r for r in document["routes"] if (r["subject"], r["route"]) == (subject, route))
    measured: dict[str, Any] = found
    return measured


def verdicts(document: dict[str, Any]) -> dict[str, bool]:
    """By target; those against peers under the target before them."""
    found: dict[str, bool] = {}
    last = ""
    for target, _, met in targets.judged(document):
        last = f"{last}, against peers" if target.startswith("…") else target
        found[last] = met
    return found


def cold(milliseconds: float) -> dict[str, Any]:
    return {"cold_start_at_512_mb": milliseconds}


def warm(milliseconds: float | None = None, **calls: int) -> dict[str, Any]:
    return {"handler_milliseconds": milliseconds, "upstream_calls": {"warm": calls}}


@pytest.mark.parametrize(
    ("subject", "route", "measured", "target", "met"),
    [
        ("foyer", "landing", cold(5.5), "cold start of landing: at most 5.5", True),
        ("foyer", "landing", cold(5.51), "cold start of landing: at most 5.5", False),
        ("foyer", "landing", warm(userinfo=1), "upstream calls of a warm landing: none", False),
        ("guard", "guard", warm(0.061), "warm guard: at most 0.06 ms in the handler", False),
        ("guard-table", "guard", warm(), "upstream calls of a warm guard with a table: table",
         False),
        ("foyer-table", "welcome", warm(0.151, table=1),
         "warm welcome with a table: at most 0.15 ms in the handler", False),
        # The best peer in Python that has bytecode is the measure.
        ("flask-bytecode", "callback", cold(1), CALLBACK_AND_PEERS, False),
        ("flask", "callback", cold(1), CALLBACK_AND_PEERS, True),
        ("cognito-at-edge", "callback", cold(1), CALLBACK_AND_PEERS, True),
    ],
)  # fmt: skip
def test_a_measurement_over_the_limit_misses_its_target(
    subject: str, route: str, measured: dict[str, Any], target: str, *, met: bool
) -> None:
    document = copy.deepcopy(SPEED)
    row(document, subject, route).update(measured)
    assert verdicts(document)[target] is met


def test_the_spread_is_how_far_half_of_the_samples_are_from_the_median() -> None:
    inits = [Taken(0, each) for each in (80, 90, 100, 120, 900)]
    samples = Samples(init=inits, first=[Taken(0, 0)] * 5)
    samples.peak_memory.append(1)
    (found,) = rows({("hello", "landing"): samples}, {}, catalogue(Path())[:1])
    assert (found.cold, found.spread) == (100, 0.2)


def test_rare_requests_and_each_of_a_burst_meet_a_cold_start() -> None:
    rare = bursts.cold_share(0.2 / bursts.LIFE_SECONDS, 0.1, 1.0, burst=1, requests=2000)
    assert rare[0] > 0.8
    steady = bursts.cold_share(20 / bursts.LIFE_SECONDS, 0.1, 1.0, burst=1, requests=2000)
    assert steady[0] < 0.05
    assert bursts.cold_share(0.001, 0.1, 1.0, burst=10, requests=10) == (1.0, 10)


def test_the_benchs_authority_reaches_its_packages_alone(tmp_path: Path) -> None:
    installed, package, authority = (tmp_path / name for name in ("cache", "package", "ca.pem"))
    installed.write_text("known authorities", "utf-8")
    authority.write_text("the bench's own", "utf-8")
    (package / "certifi").mkdir(parents=True)
    (package / "certifi/cacert.pem").hardlink_to(installed)
    packages.trust(authority, package)
    trusted = (package / "certifi/cacert.pem").read_text("utf-8")
    assert trusted.splitlines() == ["known authorities", "the bench's own"]
    assert installed.read_text("utf-8") == "known authorities"
