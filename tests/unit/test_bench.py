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
from tests.documents import ROOT, read

SPEED: dict[str, Any] = json.loads(read("docs/speed.json"))
SWEEP: dict[str, Any] = json.loads(read("docs/sweep.json"))


def between_marks(document: str, name: str) -> str:
    return read(document).partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


def row(document: dict[str, Any], subject: str, route: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in document["routes"] if (each["subject"], each["route"]) == (subject, route)
    )
    return found


def verdicts(document: dict[str, Any]) -> dict[str, bool]:
    """By target; those against peers under the target before them."""
    found: dict[str, bool] = {}
    last = ""
    for target, _, met in targets.judged(document):
        last = f"{last}, against peers" if target.startswith("…") else target
        found[last] = met
    return found


def test_the_pages_say_what_the_recorded_run_says() -> None:
    assert between_marks("docs/speed.md", "summary").strip() == page.summary(SPEED).strip()
    assert between_marks("docs/speed.md", "bench").strip() == page.speed(SPEED).strip()
    shown = between_marks("docs/decisions/sessions.md", "modes")
    assert shown.strip() == page.modes(SPEED).strip()


@pytest.mark.parametrize("name", ["cost", "bursts"])
def test_the_cost_page_says_what_the_recorded_sweep_says(name: str) -> None:
    section = sections(Sweep.read(SWEEP))[name]
    assert between_marks("docs/cost.md", name).strip() == section.strip()


def measured(milliseconds: float | None = None, **calls: int) -> dict[str, Any]:
    return {"handler_milliseconds": milliseconds, "upstream_calls": {"warm": calls}}


def test_a_cold_start_over_the_limit_is_missed() -> None:
    document = copy.deepcopy(SPEED)
    row(document, "foyer", "landing")["cold_start_at_512_mb"] = 5.5
    assert verdicts(document)["cold start of landing: at most 5.5"]
    row(document, "foyer", "landing")["cold_start_at_512_mb"] = 5.51
    assert not verdicts(document)["cold start of landing: at most 5.5"]


def test_only_python_peers_with_bytecode_are_the_measure_and_the_best_of_them_counts() -> None:
    document = copy.deepcopy(SPEED)
    against_peers = "cold start of callback: at most 6.5, against peers"
    best = min(
        each["cold_start_at_512_mb"]
        for each in document["routes"]
        if each["route"] == "callback" and each["subject"].endswith("-bytecode")
    )
    ours, peer = row(document, "foyer", "callback"), row(document, "flask-bytecode", "callback")
    ours["cold_start_at_512_mb"] = 0.54 * best
    assert verdicts(document)[against_peers]
    peer["cold_start_at_512_mb"] = 0.9 * best
    assert not verdicts(document)[against_peers]
    document["packages"]["flask-bytecode"]["runtime"] = "node"
    assert verdicts(document)[against_peers]


@pytest.mark.parametrize(
    ("subject", "route", "measured", "missed"),
    [
        ("foyer", "landing", measured(userinfo=1), "upstream calls of a warm landing: none"),
        ("guard", "guard", measured(0.061), "warm guard: at most 0.06 ms in the handler"),
        ("guard-table", "guard", measured(), "upstream calls of a warm guard with a table: table"),
        ("foyer-table", "welcome", measured(0.151, table=1),
         "warm welcome with a table: at most 0.15 ms in the handler"),
    ],
)  # fmt: skip
def test_a_warm_call_that_takes_longer_or_asks_somebody_else_is_missed(
    subject: str, route: str, measured: dict[str, Any], missed: str
) -> None:
    document = copy.deepcopy(SPEED)
    row(document, subject, route).update(measured)
    assert verdicts(document)[missed] is False


def test_the_spread_is_how_far_half_of_the_samples_are_from_the_median() -> None:
    samples = Samples(
        init=[Taken(0, each) for each in (80, 90, 100, 120, 900)], first=[Taken(0, 0)] * 5
    )
    samples.peak_memory.append(1)
    (found,) = rows({("hello", "landing"): samples}, {}, catalogue(Path())[:1])
    assert (found.cold, found.spread) == (100, 0.2)


def test_rare_requests_and_each_of_a_burst_meet_a_cold_start() -> None:
    rare = bursts.cold_share(0.2 / bursts.LIFE_SECONDS, 0.1, 1.0, burst=1, requests=2000)
    assert rare[0] > 0.8
    steady = bursts.cold_share(20 / bursts.LIFE_SECONDS, 0.1, 1.0, burst=1, requests=2000)
    assert steady[0] < 0.05
    assert bursts.cold_share(0.001, 0.1, 1.0, burst=10, requests=10) == (1.0, 10)


def test_nodes_packages_are_pinned_by_hash_and_come_from_no_registry_in_particular() -> None:
    locks = list((ROOT / "bench/peers").glob("*/package-lock.json"))
    assert locks
    for lock in locks:
        listed = json.loads(lock.read_text("utf-8"))["packages"]
        packages = [each for name, each in listed.items() if name]
        assert packages
        assert all(each["integrity"].startswith("sha512-") for each in packages)
        assert not any("resolved" in each for each in packages)


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
