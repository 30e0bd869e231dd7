"""The round table at the desk: drafts, a meeting, its questions as they come in."""

import re

from tests.bot.desk.conftest import CANARY, Village


async def test_questions_that_come_in_later_are_shown_alone(village: Village) -> None:
    village.meet()
    own = village.colleague("own")
    later = f"/roundtable/meetings/{village.meeting_id}/questions?after="
    assert CANARY in (await own.get(f"{later}0")).text
    assert CANARY not in (await own.get(f"{later}{village.asked_id}")).text
    page = (await own.get(f"/roundtable/meetings/{village.meeting_id}")).text
    assert f'data-last="{village.asked_id}"' in page


async def test_a_meeting_goes_from_agenda_to_commitment_to_result(village: Village) -> None:
    village.meet()
    own = village.colleague("own")
    meeting = f"/roundtable/meetings/{village.meeting_id}"
    await own.post(f"{meeting}/agenda", topic=str(village.topic_id))
    await own.post(f"{meeting}/answered", question=str(village.asked_id))
    committed = {"category": "road-light", "words": "装十盏灯"}
    await own.post(f"{meeting}/commitments", topic=str(village.on_agenda_id), **committed)
    page = (await own.get(meeting)).text
    assert "长椅" in page
    assert re.search(r"/desk/requests/GQ-\d{6}-\d{4}.*?路灯不亮", page, re.DOTALL)
    assert (await own.post(f"{meeting}/report", words="谈成了")).status_code == 303
    assert "结果公布了" in (await own.get(meeting)).text
    assert (await own.post(f"{meeting}/report", words="再说")).status_code == 409


async def test_nobody_plans_a_meeting_for_another_village(village: Village) -> None:
    when = {"on": "2026-12-24", "at": "19:00", "place": "客厅"}
    own = village.colleague("own")
    for area, status in (("guali/meilin/", 404), ("guali/", 404), ("guali/qicai/", 303)):
        answer = await own.post("/roundtable/meetings", area=area, **when)
        assert answer.status_code == status, area
