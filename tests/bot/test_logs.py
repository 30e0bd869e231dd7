import pytest
import structlog
from structlog.testing import capture_logs

from bot.logs import WORDS, WordsInLog, refuse_words

CANARY = "金丝雀-5f1d"


@pytest.mark.parametrize("key", sorted(WORDS))
def test_what_a_resident_may_have_written_is_refused_and_stays_out_of_the_error(
    key: str,
) -> None:
    with pytest.raises(WordsInLog) as refused:
        refuse_words(structlog.get_logger(), "info", {"event": "x", key: CANARY})
    assert key in str(refused.value)
    assert CANARY not in str(refused.value)


def test_ids_and_kinds_of_errors_pass() -> None:
    event = {"event": "the assistant is silent", "turn": "ab12", "error": "ReadTimeout"}
    assert refuse_words(structlog.get_logger(), "info", dict(event)) == event


def test_a_log_without_words_is_written() -> None:
    with capture_logs() as logs:
        structlog.get_logger().info("kept", entry=7)
    assert logs == [{"event": "kept", "entry": 7, "log_level": "info"}]
