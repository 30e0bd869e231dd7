"""Kills processes while residents converse, then looks at the books.

Last line: one JSON with how often each process was killed, and with everything that should
not be: all those counts are zero when the promises were kept.
"""

from typing import Any

from bench.drills.running import OURS, WRONG, drilling_on
from bench.drills.verdict import Verdict, arguments, conclude

TWICE = ("answered_twice", "changed_when_asked_again")
FALSE = ("confirmations_without_row", "rows_without_confirmation")


def plan(kills: int, rasa: int) -> list[str]:
    """Return whom to kill: our processes in turn, and Rasa so often."""
    ours = [OURS[n % len(OURS)] for n in range(kills)]
    return ours + ["rasa"] * rasa


def verdicts(figures: dict[str, Any]) -> dict[str, Verdict]:
    """Say of each promise what the figures show."""
    killed, said = sum(figures["kills"].values()), figures["messages"]
    deeds = figures["booked"] + figures["request_filed"]

    def none_of(*names: str) -> bool:
        return not any(figures[name] for name in names)

    others = [name for name in WRONG if name not in (*TWICE, *FALSE)]
    return {
        "P1": Verdict(
            none_of(*others),
            killed,
            f"{killed} kills, {said} messages: {figures['lost']} lost, "
            f"{figures['unanswered']} unanswered, {figures['handed_over']} to a person",
        ),
        "P3": Verdict(
            none_of(*TWICE),
            figures["sent_again"],
            f"{figures['sent_again']} sent again: {figures['answered_twice']} answered twice",
        ),
        "P11": Verdict(
            none_of(*FALSE) and deeds > 0,
            killed,
            f"{deeds} deeds in {killed} kills: "
            f"{figures['confirmations_without_row']} falsely confirmed, "
            f"{figures['rows_without_confirmation']} done in silence",
        ),
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--kills", type=int, default=180, help="of gateway, actions and worker")
    parser.add_argument("--rasa", type=int, default=20, help="kills of Rasa")
    parser.add_argument("--residents", type=int, default=6)
    told = parser.parse_args()
    with drilling_on(told.store, seed=told.seed) as drill:
        with drill.conversing(told.residents):
            drill.kill(plan(told.kills, told.rasa))
            recovered = drill.recovery()
        figures = {**drill.figures(), "recovery_s": recovered}
    conclude(figures, **verdicts(figures))


if __name__ == "__main__":
    main()
