import pytest

from bot.voice.wishes import wished


@pytest.mark.parametrize(
    "text",
    [
        "语音回复",
        "说给我听",
        "请念给我听",
        "你讲给我听听吧",
        "我不识字，你说给我听",
        "用语音",
        "用语音回我",
        "能不能发语音给我",
        "打开语音模式",
        "念出来",
        "以后都用语音回复好吗？",
        "speak to me",
        "Please read it aloud",
        "Can you read it to me?",
        "voice reply",
        "send me a voice message, please",
        "I'd like voice replies",
    ],
)
def test_who_asks_to_be_spoken_to_is_understood(text: str) -> None:
    assert wished(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "不用语音了",
        "不要再发语音了",
        "别发语音",
        "关掉语音播报",
        "不用念给我听了",
        "只要文字",
        "文字回复就好",
        "打字就行",
        "text only",
        "Just text, please",
        "no more voice messages",
        "stop speaking",
    ],
)
def test_who_wants_no_voice_any_more_is_understood(text: str) -> None:
    assert wished(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "语音",
        "不用了",
        "好的",
        "语音导览在哪里",
        "语音信箱怎么开",
        "图书馆有语音播报吗",
        "公交车不报站，没有语音播报",
        "我要说给社区听",
        "他念给我听的那本书",
        "不用语音了，我要报名",
        "打字社几点",
        "找人帮我读信",
        "再说一遍",
        "voice of the people",
        "the text only says Monday",
        "who can read to my mother",
    ],
)
def test_what_only_speaks_of_voices_is_no_wish(text: str) -> None:
    assert wished(text) is None
