"""DingTalk (钉钉): the chats of staff, over a stream that we open."""
