import pytest

from actions.relay.lead_in import without


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("跟对方说我晚十分钟到", "我晚十分钟到"),
        ("告诉那个邻居我在楼下", "我在楼下"),
        ("麻烦你跟他说一声，我不来了", "我不来了"),
        ("帮我转告帮我的邻居：门没锁", "门没锁"),
        ("问问对方几点来", "几点来"),
        ("跟对方说", ""),
        ("給对方說：好", None),
        ("图书馆几点关门", None),
        ("告诉我图书馆几点", None),
        ("Tell him that I'm downstairs", "I'm downstairs"),
        ("please let my neighbour know I am late", "I am late"),
        ("message my helper: the door is open", "the door is open"),
        ("tell me the hours", None),
        ("tell the truth", None),
    ],
)
def test_what_the_other_side_is_told_is_what_is_left(said: str, told: str | None) -> None:
    assert without(said) == told
