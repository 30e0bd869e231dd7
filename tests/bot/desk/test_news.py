"""News at the desk: written, read over, approved by a second person, sent, put right."""

import re

import pytest

from tests.bot.desk.conftest import Colleague, Village
from tests.bot.desk.test_every_page import WRITTEN

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def write(who: Colleague, **changes: str) -> str:
    """Write an item down; returns its page."""
    answer = await who.post("/news/new", **(WRITTEN | changes))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/desk")


async def test_an_urgent_notice_goes_out_with_two_people(village: Village) -> None:
    boss, editor = village.colleague("boss"), village.colleague("editor")
    page = await write(editor)
    shown = (await editor.get(page)).text
    assert "【紧急通知】停水" in shown
    assert "[URGENT]" in shown
    assert "要另一个人来批准" in shown
    refused = await editor.post(f"{page}/approve", version="1")
    assert refused.status_code == 409
    assert "写的人自己不能批准" in refused.text
    assert (await editor.post(f"{page}/send")).status_code == 409
    assert (await boss.post(f"{page}/approve", version="1")).status_code == 303
    assert "群发给" in (await editor.get(page)).text
    assert (await editor.post(f"{page}/send")).status_code == 303
    sent = (await boss.get(page)).text
    assert "正在发" in sent
    assert re.search(r"还没告诉.*?<dd>0</dd>", sent, re.DOTALL)  # nobody is known to live there
    assert (await boss.post(f"{page}/pause")).status_code == 303
    assert (await boss.post(f"{page}/go-on")).status_code == 303
    assert (await boss.post(f"{page}/withdraw")).status_code == 409
    assert (await boss.post(f"{page}/stop")).status_code == 303
    assert "群发停了" in (await boss.get(page)).text


async def test_what_was_typed_stands_there_again_when_it_is_refused(village: Village) -> None:
    editor = village.colleague("editor")
    refused = await editor.post("/news/new", **(WRITTEN | {"expires_at": "2020-01-01T10:00"}))
    assert refused.status_code == 409
    assert "八点到五点。" in refused.text
    assert 'value="2020-01-01T10:00"' in refused.text
    page = await write(editor, urgent="")
    answer = await editor.post(
        f"{page}/edit", **(WRITTEN | {"title_zh": "", "body_zh": "改了"})
    )
    assert answer.status_code == 409
    assert "改了" in answer.text


async def test_a_change_is_read_and_approved_before_residents_get_it(village: Village) -> None:
    editor = village.colleague("editor")
    page = await write(editor, urgent="")
    await editor.post(f"{page}/approve", version="1")
    await editor.post(f"{page}/edit", **(WRITTEN | {"title_zh": "不停水了", "urgent": ""}))
    shown = (await editor.get(page)).text
    assert "现在居民看到的还是第 1 稿" in shown
    public = village.bot.client
    assert "不停水了" not in (await public.get(page)).text
    assert (await editor.post(f"{page}/approve", version="1")).status_code == 409
    await editor.post(f"{page}/approve", version="2")
    assert "不停水了" in (await public.get(page)).text


async def test_nobody_writes_for_another_village(village: Village) -> None:
    editor = village.colleague("editor")
    for area, status in (("guali/meilin/", 404), ("guali/", 404), ("guali/qicai/a/", 303)):
        answer = await editor.post("/news/new", **(WRITTEN | {"area": area}))
        assert answer.status_code == status, area
