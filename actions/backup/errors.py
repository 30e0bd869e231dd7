"""What can be wrong with a backup; the message says what to do."""

from sqlalchemy.exc import SQLAlchemyError

from actions.errors import XiaoliError, kind_of


class BackupFailed(XiaoliError):
    """A backup could not be made, or not be brought back."""


class NotGenuine(XiaoliError):
    """A backup is not as it was written, or the key is another."""


class RestoreRefused(XiaoliError):
    """A backup does not go into this place; nothing was changed there."""


NO_BACKUP = "这不是小沥的备份文件。This is no backup of Xiaoli's; name a .backup file."
KEY_OR_START = (
    "打不开备份：密钥不是做备份时的那一个，或者文件从开头就坏了。"
    "The backup cannot be opened: BACKUP_KEY is not the one it was made with, or the file is "
    "damaged from its beginning."
)
DAMAGED = "备份文件损坏或不完整，请换一份。The backup is damaged or cut off; take another one."


def reason(error: OSError | SQLAlchemyError) -> str:
    """Say what came in between, in few words and none of a resident's."""
    if isinstance(error, OSError):
        return f"{error.strerror} {error.filename or ''}".strip()
    return f"数据库没有回答 the database of DATABASE_URL does not answer ({kind_of(error)})"
