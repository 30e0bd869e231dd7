"""Files people sent, as they are handed out: to be saved, shown or played, never to be run."""

from collections.abc import Mapping
from pathlib import Path

from fastapi.responses import FileResponse

from actions.conversations import Upload

# What a file is kept as → how its name ends. What is in no row is not handed out.
ENDINGS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/amr": "amr",
    "audio/amr-wb": "awb",
}
# Even opened by itself a file is saved, and taken for nothing else than it is.
GUARDED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def name_of(upload_id: str, content_type: str) -> str:
    """Return the name under which a file is saved.

    Raises:
        KeyError: a type that is not handed out.
    """
    return f"{upload_id}.{ENDINGS[content_type]}"


def is_recording(content_type: str) -> bool:
    """Whether a file is heard rather than seen."""
    return content_type.startswith("audio/")


def handed_out(
    upload: Upload, folder: Path, headers: Mapping[str, str] | None = None
) -> FileResponse | None:
    """Return a file for a browser to save; None where it is gone, or nothing we hand out."""
    file = folder / upload.id
    if upload.content_type not in ENDINGS or not file.is_file():
        return None
    return FileResponse(
        file,
        media_type=upload.content_type,
        filename=name_of(upload.id, upload.content_type),
        content_disposition_type="attachment",
        headers={**GUARDED, **(headers or {})},
    )
