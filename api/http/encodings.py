"""Content encodings: zstd and gzip, both at level 1, and how to undo them without being fooled.

Level 1 costs least for each byte saved; zlib's own gzip is slower by five times, so ISA-L makes it.
"""

import sys
import threading
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from isal import isal_zlib

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_BITS = 31
"""zlib's word for a gzip header and the largest window."""
WINDOW_LOG = 23
"""8 MB, the largest window of zstd that HTTP asks for (RFC 9659): more memory than that is for nobody to demand."""


class Undecodable(Exception):
    """The bytes are no whole text in this encoding."""


class _Kept(threading.local):
    """A compressor for each thread: making one takes twice as long as compressing 1 kB with it."""

    def __init__(self) -> None:
        self.compressor = zstd.ZstdCompressor(1)


_kept = _Kept()


def compress_zstd(data: bytes) -> bytes:
    """Return one frame, whose header says the length of the content."""
    compressor = _kept.compressor
    compressor.set_pledged_input_size(len(data))
    return compressor.compress(data, compressor.FLUSH_FRAME)


def compress_gzip(data: bytes) -> bytes:
    """Return one member."""
    return isal_zlib.compress(data, 1, GZIP_BITS)


ENCODERS: dict[str, Callable[[bytes], bytes]] = {"zstd": compress_zstd, "gzip": compress_gzip}
"""By their names in HTTP, the better one first."""


@lru_cache(maxsize=512)
def choose_encoding(accepted: str) -> str | None:
    """Return the encoding that an Accept-Encoding header likes best and that is made here, None for none."""
    weights = dict(_weigh(part) for part in accepted.lower().split(",") if part.strip())
    others = weights.get("*", 0.0)
    best = max(ENCODERS, key=lambda name: weights.get(name, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def decode(data: bytes, encoding: str, *, limit: int) -> bytes:
    """Return the content, or its beginning where it is longer than the limit: one byte more than that.

    Raises:
        Undecodable: it is damaged, cut off, or followed by something else.
    """
    try:
        decoder = _decoder(encoding)
        content = bytes(decoder.decompress(data, limit + 1))
    except (zlib.error, zstd.ZstdError) as error:
        raise Undecodable(str(error)) from error
    if len(content) <= limit and (not decoder.eof or decoder.unused_data):
        raise Undecodable("it is cut off, or something follows it")
    return content


def _weigh(part: str) -> tuple[str, float]:
    name, *parameters = (word.strip() for word in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter.removeprefix("q="))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _decoder(encoding: str) -> Any:
    if encoding == "gzip":
        return zlib.decompressobj(GZIP_BITS)
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG})
