import pytest

from nlu.components.plain import in_plain_words


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("葛歇末班车还有伐", "现在末班车还有吗"),
        ("侬晓得啥辰光开门伐", "你知道什么时候开门吗"),
        ("阿拉屋里厢呒没水哉", "我们家里没有水了"),
        ("格个灯勿亮", "这个灯不亮"),
        ("圖書館啥辰光關門", "图书馆什么时候关门"),
    ],
)
def test_dialect_is_put_into_standard_words(said: str, plain: str) -> None:
    assert in_plain_words(said) == plain


@pytest.mark.parametrize("said", ["砍伐树木", "价格多少", "请勿打扰", "寻找失主", "伊斯兰教堂"])
def test_what_only_looks_like_dialect_stays(said: str) -> None:
    assert in_plain_words(said) == said


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("那个，路灯坏了，谢谢啊", "路灯坏了"),
        ("嗯……图书馆几点开门啊对", "图书馆几点开门"),
        ("我跟你讲啊，我家，那个灯坏了，麻烦了", "我家,灯坏了"),
        ("well, when is the next bus, thanks", "when is the next bus"),
    ],
)
def test_words_that_say_nothing_are_left_out(said: str, plain: str) -> None:
    assert in_plain_words(said) == plain


@pytest.mark.parametrize(
    "said",
    ["谢谢", "好的,谢谢", "晚安啊", "那个呢", "那个周日呢", "hi, hope you are well", "", "嗯"],
)
def test_a_message_that_is_only_that_stays_whole(said: str) -> None:
    assert in_plain_words(said) == said


@pytest.mark.parametrize(
    "said", ["对了，谢谢啊，葛歇几点", "哎，啥辰光开门", "um, um, the bus, ok"]
)
def test_plain_words_stay_as_they_are(said: str) -> None:
    assert in_plain_words(in_plain_words(said)) == in_plain_words(said)
