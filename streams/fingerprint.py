"""What identifies a recording's content without reading all of it."""

import hashlib
from pathlib import Path

BLOCKS, BLOCK = 32, 65536


def fingerprint(path: str) -> str:
    """SHA-256 (hex) of a file's size and of 32 blocks of 64 KiB spread over it, first and last among them.

    A copy has the same one; a disk of recordings is identified in seconds. A change that hits none of the blocks and
    keeps the size goes unnoticed: this tells whether to go on with work, it is no seal. Raises ``OSError``.
    """
    file = Path(path)
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as data:
        last = max(0, size - BLOCK)
        for at in sorted({last * i // (BLOCKS - 1) for i in range(BLOCKS)}):
            data.seek(at)
            digest.update(data.read(BLOCK))
    return digest.hexdigest()
