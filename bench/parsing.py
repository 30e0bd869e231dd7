"""Parses messages with the trained model, in Rasa's Python: JSON lines in, JSON lines out.

`python -m bench.parsing --model M < texts`: each line is a text as JSON; what the pipeline
makes of it (`intent`, `intent_ranking`, `entities`) comes back as a line, in the same order.
"""

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.utils.log_utils import configure_structlog

from bench.output import following

KEPT = ("intent", "intent_ranking", "entities")


async def parse(model: Path, texts: list[str]) -> None:
    """Print what the model makes of each text."""
    agent = Agent.load(model)
    for text in following(texts, "parsed"):
        parsed = await agent.processor.parse_message(UserMessage(text))
        print(json.dumps({key: parsed.get(key) for key in KEPT}, ensure_ascii=False))


def main() -> None:
    """Read texts, print what they mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    model = parser.parse_args().model
    if not model.is_file():
        raise SystemExit(f"{model} is missing: run make setup first")
    configure_structlog(logging.ERROR)
    texts = [json.loads(line) for line in sys.stdin]
    asyncio.run(parse(model, texts))


if __name__ == "__main__":
    main()
