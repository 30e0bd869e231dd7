"""The command line of each target that takes files, as `make` would run it."""

import subprocess

import pytest

BENCHES = {
    "bench-intents TRAIN=a.tsv TEST=b.tsv OOS=c.tsv": (
        'bench.intents --train "a.tsv" --test "b.tsv" --oos "c.tsv"'
    ),
    "bench-retrieval PASSAGES=a.jsonl QUERIES=b.jsonl": (
        'bench.retrieval --passages "a.jsonl" --queries "b.jsonl"'
    ),
    "bench-retrieval": "bench.retrieval",
    "bench-search": 'bench.search --count "100000" --texts "../shared/data"',
    "bench-search N=777 TEXTS=some/texts": ('bench.search --count "777" --texts "some/texts"'),
    "bench-dates FILE=a.tsv": 'bench.dates --file "a.tsv"',
    "bench-similar N=77": 'bench.similar --count "77"',
    "bench-booking N=77": 'bench.booking_load --contenders "77"',
    "bench-desk REQUESTS=77": 'bench.desk --requests "77"',
    "drill-fuzz N=77 CHANNEL=telegram": 'bench.drills.fuzz --cases "77" --channel "telegram"',
    "bench-wechat SAMPLE=77": 'bench.wechat_day --sample "77"',
    "drill ONLY=P1,P14 SHORT=1": 'bench.drills --short --only "P1,P14"',
    "drill": "bench.drills",
    "soak": 'bench.drills.soak --keep --hours "1" --store "sqlite"',
    "soak HOURS=77 STORE=postgresql": (
        'bench.drills.soak --keep --hours "77" --store "postgresql"'
    ),
    "drill-growing MANY=77": 'bench.drills.growing --conversations "1000" --many "77"',
    "bench-capacity STORE=sqlite": 'bench.capacity --store "sqlite"',
}


@pytest.mark.parametrize("target", BENCHES)
def test_what_a_bench_is_given_reaches_the_bench_and_nothing_else(target: str) -> None:
    made = subprocess.run(
        ["make", "-n", "--no-print-directory", *target.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    *before, last = made.stdout.splitlines()
    assert last.rstrip().endswith(BENCHES[target])
    given = [word.partition("=")[2] for word in target.split()[1:]]
    assert not any(file in line for file in given for line in before)
