import pytest

from bot.language import language_of


@pytest.mark.parametrize(
    ("text", "before", "language"),
    [
        ("下一班公交几点", "en", "zh"),
        ("when is the next bus", "zh", "en"),
        ("library", "zh", "en"),
        ("OK", "zh", "zh"),
        ("ACD-EFG-HJK", "zh", "zh"),
        ("acd efg hjk", "zh", "zh"),
        ("ＡＣＤ－ＥＦＧ－ＨＪ１", "zh", "zh"),
        ("my code is ACD-EFG-HJK", "zh", "en"),
        ("OK", "en", "en"),
        ("7", "en", "en"),
        ("😀", "zh", "zh"),
        ("", "en", "en"),
        ("我要坐 bus 去 library", "en", "zh"),
        ("圖書館", "en", "zh"),
        ("Wanda Plaza", "zh", "zh"),
        ("WeChat", "zh", "zh"),
        ("Good Morning", "zh", "en"),
        ("我在 Wanda Plaza 门口", "zh", "zh"),
        ("where is 图书馆", "zh", "en"),
        ("Is the 杭州书房 open today?", "en", "en"),
        ("speak English please", "zh", "en"),
        ("说中文", "en", "zh"),
        ("مرحبا", "zh", "zh"),
    ],
)
def test_a_message_is_in_the_language_of_its_letters(
    text: str, before: str, language: str
) -> None:
    assert language_of(text, before) == language
