"""What must be true of the answers that clients got while a database was away.

In: a `Load`. Out: nothing, or what is wrong; figures in words.
"""

from tests.outages.clients import UNKNOWN, Answer, Load

RECOVERED = 2.0  # seconds after the return of a database in which somebody may still be told that it is away
SOON = 3.0  # an answer while nobody is there


def recovered(done: Load, back: float) -> bool:
    """Whether nobody was refused any more, soon after everything was as before."""
    return not [answer for answer in done.since(back + RECOVERED) if answer.status == 503]


def examined(done: Load, longest: float) -> None:
    """Every answer is one of a service that works or says that it does not; what it acknowledged is there."""
    assert done.broken == []
    assert {answer.status for answer in done.answers} <= {200, 201, 503}, [
        answer for answer in done.answers if answer.status not in (200, 201, 503)
    ][:3]
    slowest = max(done.answers, key=lambda answer: answer.seconds)
    assert slowest.seconds < longest, slowest
    for answer in done.refused():
        assert answer.retry == "1" and "database" in answer.said(), answer
    assert lost(done) == []


def lost(done: Load) -> list[Answer]:
    """Answers that do not say what is in the table."""
    system = done.service.snapshot.system
    there = {str(body) for (body,) in system.fetch("SELECT body FROM notes")}
    audited = system.fetch("SELECT count(*) FROM _dragoman_audit")
    assert audited == [(len(there),)]
    wrong = []
    for answer in done.answers:
        if answer.word and not (answer.status == 503 and UNKNOWN in answer.said()):
            kept = {answer.word, f"{answer.word}+"} if answer.dialect == "metal" else {answer.word}
            if kept & there != (kept if answer.status != 503 else set()):
                wrong.append(answer)
    return wrong


def figures(what: str, done: Load, back: float) -> str:
    refused = done.refused()
    unknown = sum(UNKNOWN in answer.said() for answer in refused)
    last = max((answer.asked + answer.seconds - back for answer in refused), default=0.0)
    slowest = max(answer.seconds for answer in refused) if refused else 0.0
    return (
        f"{what}: {len(done.answers)} answers, {len(refused)} times 503 ({unknown} unknown), the slowest of them after"
        f" {slowest:.2f} s, the last {last:+.2f} s after the return"
    )
