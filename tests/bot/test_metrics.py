"""What happens is counted, and shown to nobody but the machine itself."""

from prometheus_client import REGISTRY

from tests.bot.conftest import Bot


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_messages_turns_and_emergencies_are_counted(bot: Bot) -> None:
    messages = counted("xiaoli_messages_total", channel="webchat")
    turns = counted("xiaoli_turns_total", outcome="answered")
    emergencies = counted("xiaoli_emergencies_total")
    await bot.say("几点开门")
    await bot.say("厨房着火了")
    assert counted("xiaoli_messages_total", channel="webchat") == messages + 2
    assert counted("xiaoli_turns_total", outcome="answered") == turns + 1
    assert counted("xiaoli_emergencies_total") == emergencies + 1


async def test_a_silent_assistant_shows_up(bot: Bot) -> None:
    before = counted("xiaoli_turns_total", outcome="given_up")
    bot.assistant.silent = 1
    await bot.say("几点开门")
    assert counted("xiaoli_turns_total", outcome="given_up") == before + 1
