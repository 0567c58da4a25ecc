"""The measurements as one table, with the bars they are held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.measure import BY_HAND, CACHED_CASE, CASES, FETCH_CASE, SYNCED_CASE, Measured, Sample, median

_NAMES = {
    BY_HAND: "written by hand",
    SYNCED_CASE: "(a) values synced",
    CACHED_CASE: "(a) values cached",
    FETCH_CASE: "(b) fetched by Celery",
}
# Of the hand-written one's CPU; the aims are what we want to reach.
_BARS = {SYNCED_CASE: (0.5, 0.35), CACHED_CASE: (0.5, 0.35), FETCH_CASE: (1.6, 1.0)}
_HANGING_BAR = 2.0
_MESSAGE_NAMES = {
    BY_HAND: "written by hand",
    SYNCED_CASE: "values synced",
    FETCH_CASE: "fetched by Celery",
}
_WORTH_TELLING_MS = 0.01


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bar, and the worst that was measured against it."""

    what: str
    worst: float
    bar: float
    aim: float | None = None

    @property
    def holds(self) -> bool:
        return self.worst <= self.bar


def verdicts(measured: Measured) -> list[Verdict]:
    """Each bar against the worst of the loads."""
    found = []
    for case, (bar, aim) in _BARS.items():
        worst = max(ratio(cases, case) for cases in measured.loads.values())
        found.append(Verdict(f"{_NAMES[case]}: CPU of the hand-written one's", worst, bar, aim))
    if measured.hanging:
        found.append(Verdict("(c) the API hangs: p99 of calls without it", _hanging_ratio(measured), _HANGING_BAR))
    return found


def ratio(cases: dict[str, list[Sample]], case: str) -> float:
    """CPU a call as a share of the hand-written one's: the median of what each round gives by itself."""
    pairs = zip(cases[case], cases[BY_HAND], strict=True)
    return median([ours.total_cpu_ms / theirs.total_cpu_ms for ours, theirs in pairs])


def table(measured: Measured) -> str:
    """What is printed."""
    head = ("", "CPU ms a call", "× by hand", "calls/s", "p50 ms", "p95 ms", "p99 ms", "webhooks a call", "wrong")
    lines: list[tuple[str, ...]] = [head]
    for at_once, cases in measured.loads.items():
        lines.append((f"{at_once} at once", *[""] * 8))
        lines += [_row(cases, case) for case in CASES]
    out = [
        _aligned(lines),
        "",
        "CPU is that of every process: web, workers, scheduler, broker. PostgreSQL's is told apart:",
    ]
    out += _parts(measured)
    if measured.hanging:
        out += ["", *_hanging(measured)]
    if measured.messages:
        out += ["", *_messages(measured)]
    out.append("")
    for verdict in verdicts(measured):
        aim = f", aim {verdict.aim:g}" if verdict.aim else ""
        mark = "pass" if verdict.holds else "MISSED"
        out.append(f"{mark:>6}  {verdict.what}: at most {verdict.bar:g} ×{aim}; measured {verdict.worst:.2f} ×")
    out += _wrong(measured)
    return "\n".join(out)


def as_json(measured: Measured) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "loads": {
            str(at_once): {case: [asdict(sample) for sample in samples] for case, samples in cases.items()}
            for at_once, cases in measured.loads.items()
        },
        "ratios": {
            str(at_once): {case: ratio(cases, case) for case in _BARS} for at_once, cases in measured.loads.items()
        },
        "hanging": {
            condition: [asdict(sample) for sample in samples] for condition, samples in measured.hanging.items()
        },
        "messages": {case: [asdict(sample) for sample in samples] for case, samples in measured.messages.items()},
        "hung": [asdict(sample) for sample in measured.hung],
        "bars": [asdict(verdict) | {"holds": verdict.holds} for verdict in verdicts(measured)],
    }


def _row(cases: dict[str, list[Sample]], case: str) -> tuple[str, ...]:
    samples = cases[case]
    bar = _BARS.get(case)
    share = "1.00"
    if bar:
        measured = ratio(cases, case)
        share = f"{measured:.2f} {'✓' if measured <= bar[0] else '✗'}"
    return (
        f"  {_NAMES[case]}",
        f"{median([one.total_cpu_ms for one in samples]):.2f}",
        share,
        f"{median([one.calls / one.seconds for one in samples]):.0f}",
        f"{median([one.p50 for one in samples]):.1f}",
        f"{median([one.p95 for one in samples]):.1f}",
        f"{median([one.p99 for one in samples]):.1f}",
        f"{sum(one.webhooks for one in samples) / sum(one.calls for one in samples):.2f}",
        str(sum(len(one.wrong) for one in samples)),
    )


def _parts(measured: Measured) -> list[str]:
    at_once = 16 if 16 in measured.loads else next(iter(measured.loads))
    lines: list[tuple[str, ...]] = []
    for case, samples in measured.loads[at_once].items():
        parts = {name: median([one.cpu_ms[name] for one in samples]) for name in samples[0].cpu_ms}
        parts["PostgreSQL"] = median([one.database_ms for one in samples])
        lines.append((f"  {_NAMES[case]}", ", ".join(f"{name} {ms:.2f}" for name, ms in parts.items())))
    width = max(len(name) for name, _ in lines)
    return [f"{name.ljust(width)}  {parts}  (ms a call, {at_once} at once)" for name, parts in lines]


def _hanging(measured: Measured) -> list[str]:
    lines = ["(c) Half of the callers need an API; the others, who do not:"]
    for condition, samples in measured.hanging.items():
        values = (median([getattr(one, name) for one in samples]) for name in ("p50", "p95", "p99"))
        figures = ", ".join(f"{name} {value:.1f} ms" for name, value in zip(("p50", "p95", "p99"), values, strict=True))
        rate = median([one.calls / one.seconds for one in samples])
        lines.append(f"  while it {condition}: {figures} at {rate:.0f} calls/s of each kind")
    if measured.hung:
        longest = max(one.longest_webhook_ms for one in measured.hung)
        lines.append(f"  whoever needs it is put through all the same; their longest webhook took {longest:.0f} ms")
    return lines


def _messages(measured: Measured) -> list[str]:
    head = (
        "(g) messages",
        "CPU ms a message",
        "× by hand",
        "webhook p50",
        "p99",
        "reply p50",
        "p95",
        "p99 ms",
        "wrong",
    )
    lines: list[tuple[str, ...]] = [head]
    theirs = measured.messages[BY_HAND]
    for case, samples in measured.messages.items():
        relative = median(
            [ours.total_cpu_ms / by_hand.total_cpu_ms for ours, by_hand in zip(samples, theirs, strict=True)]
        )
        names = ("webhook_p50", "webhook_p99", "reply_p50", "reply_p95", "reply_p99")
        lines.append(
            (
                f"  {_MESSAGE_NAMES[case]}",
                f"{median([one.total_cpu_ms for one in samples]):.2f}",
                f"{relative:.2f}",
                *(f"{median([getattr(one, name) for one in samples]):.1f}" for name in names),
                str(sum(one.lost + one.twice + len(one.refused) for one in samples)),
            )
        )
    ours = measured.messages[SYNCED_CASE]
    parts = {name: median([one.cpu_ms[name] for one in ours]) for name in ours[0].cpu_ms}
    told = ", ".join(f"{name} {ms:.2f}" for name, ms in parts.items() if ms >= _WORTH_TELLING_MS)
    return [
        *_aligned(lines).splitlines(),
        "  A reply is there when the provider has it. The hand-written one sends it inside the webhook, keeps no order,",
        "  knows no duplicates and sends no reply again.",
        f"  values synced: {told}  (ms a message)",
    ]


def _hanging_ratio(measured: Measured) -> float:
    pairs = zip(measured.hanging["hangs"], measured.hanging["answers"], strict=True)
    return median([hangs.p99 / answers.p99 for hangs, answers in pairs])


def _wrong(measured: Measured) -> list[str]:
    samples = [one for cases in measured.loads.values() for rounds in cases.values() for one in rounds]
    samples += [one for rounds in measured.hanging.values() for one in rounds] + measured.hung
    wrong = [sentence for sample in samples for sentence in sample.wrong]
    calls = sum(sample.calls for sample in samples)
    if not wrong:
        return [f"All {calls} calls ended in the right queue."]
    return [
        f"{len(wrong)} of {calls} calls did NOT end in the right queue, such as:",
        *(f"  {one}" for one in wrong[:5]),
    ]


def _aligned(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
