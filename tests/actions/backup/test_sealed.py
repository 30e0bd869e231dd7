"""What was sealed is read whole and unchanged, or refused."""

import io
import tracemalloc
from collections.abc import Callable

import pytest

from actions.backup import sealed
from actions.backup.errors import NotGenuine
from actions.backup.sealed import CHUNK, MAGIC, SALT, TAG, Sealer, Unsealer

SECRET = "a key that is long enough"
HEAD, SEALED = len(MAGIC) + SALT, CHUNK + TAG


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key costs nothing where nobody guesses it."""
    monkeypatch.setattr(sealed, "COST", 2)


def seal(content: bytes, secret: str = SECRET) -> bytes:
    out = io.BytesIO()
    sealer = Sealer(out, secret)
    for start in range(0, len(content), 10_000):
        sealer.write(content[start : start + 10_000])
    sealer.close()
    return out.getvalue()


def unseal(content: bytes, secret: str = SECRET) -> bytes:
    unsealer, found = Unsealer(io.BytesIO(content), secret), bytearray()
    while block := unsealer.read(7_000):
        found += block
    return bytes(found)


THREE = bytes(range(256)) * (3 * CHUNK // 256)  # three chunks to the byte


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_comes_back(size: int) -> None:
    assert unseal(seal(THREE[:size])) == THREE[:size]


def test_the_same_words_are_never_sealed_alike() -> None:
    one, other = seal(b"words"), seal(b"words")
    assert one != other
    assert b"words" not in one


def test_lines_are_read_one_by_one_across_chunks() -> None:
    first, second = b"a" * (CHUNK + 5), b"b" * CHUNK
    unsealer = Unsealer(io.BytesIO(seal(first + b"\n" + second + b"\nrest")), SECRET)
    assert unsealer.read_line() == first
    assert unsealer.read_line() == second
    assert unsealer.read(100) == b"rest"


# What may happen to a file of three chunks → how it looks then.
HARM: dict[str, Callable[[bytes], bytes]] = {
    "cut off between two chunks": lambda whole: whole[: HEAD + 2 * SEALED],
    "cut off in a chunk": lambda whole: whole[:-1],
    "cut off after the head": lambda whole: whole[:HEAD],
    "longer": lambda whole: whole + b"\0",
    "a chunk twice": lambda whole: whole + whole[-SEALED:],
    "a chunk left out": lambda whole: whole[:HEAD] + whole[HEAD + SEALED :],
    "two chunks exchanged": lambda whole: (
        whole[:HEAD]
        + whole[HEAD + SEALED : HEAD + 2 * SEALED]
        + whole[HEAD : HEAD + SEALED]
        + whole[HEAD + 2 * SEALED :]
    ),
    "a bit of the salt flipped": lambda whole: flipped(whole, len(MAGIC) + 3),
    "a bit of the first chunk flipped": lambda whole: flipped(whole, HEAD + 100),
    "a bit of the last tag flipped": lambda whole: flipped(whole, len(whole) - 1),
    "chunks of another": lambda whole: whole[: HEAD + SEALED] + seal(THREE)[HEAD + SEALED :],
    "no backup at all": lambda _whole: b"PK\x03\x04 something else",
    "empty": lambda _whole: b"",
}  # fmt: skip


def flipped(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


@pytest.mark.parametrize("harm", HARM)
def test_a_file_that_was_harmed_is_refused(harm: str) -> None:
    with pytest.raises(NotGenuine):
        unseal(HARM[harm](seal(THREE)))


def test_another_key_opens_nothing_and_is_named_as_the_reason() -> None:
    with pytest.raises(NotGenuine, match=r"密钥.*BACKUP_KEY"):
        unseal(seal(b"words"), "another key that is long")


class Naive(Sealer):
    """Control: the end is not marked."""

    def close(self) -> None:
        self._put(bytes(self._waiting), last=False)


class NaiveReader(Unsealer):
    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._sealed.read(SEALED)
        self._ended = not self._ahead
        self._count += 1
        nonce = sealed._nonce(self._count - 1, last=False)
        return self._cipher.decrypt(nonce, chunk, self._head)


def test_without_the_mark_of_the_end_a_file_that_was_cut_off_passes() -> None:
    out = io.BytesIO()
    sealer = Naive(out, SECRET)
    sealer.write(THREE)
    sealer.close()
    reader = NaiveReader(io.BytesIO(out.getvalue()[: HEAD + 2 * SEALED]), SECRET)
    assert reader.read(CHUNK) + reader.read(CHUNK) == THREE[: 2 * CHUNK]
    assert reader.read(1) == b""


def test_a_large_file_takes_little_memory() -> None:
    class Nowhere(io.RawIOBase):
        def write(self, content: object) -> int:
            return 0

    sealer, block = Sealer(Nowhere(), SECRET), bytes(1 << 20)  # type: ignore[arg-type]
    tracemalloc.start()
    for _ in range(30):
        sealer.write(block)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 << 20
