"""The size in the sequence header of AV1 data (AV1 bitstream specification, 5.5)."""

from __future__ import annotations

SEQUENCE_HEADER, TEMPORAL_DELIMITER = 1, 2  # types of an open bitstream unit (OBU)
MAX_BYTES = 256  # in which a sequence header has its size


class _Bits:
    """Reads whole numbers from bits, most significant first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        """The next `count` bits. IndexError: there are fewer."""
        if count > self._left:
            raise IndexError("AV1 data are cut short")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)


def sequence_size(data: bytes, at: int) -> tuple[int, int]:
    """Read the largest size of a frame.

    Args:
        data: The bytes of a file.
        at: Where the AV1 data begin in it.

    Returns:
        (width, height) in pixels; (0, 0) where no sequence header is there.
    """
    part = data[at : at + MAX_BYTES]
    while len(part) >= 2:
        kind, has_extension, has_size = part[0] >> 3 & 15, part[0] >> 2 & 1, part[0] >> 1 & 1
        start = 1 + has_extension
        size = len(part)
        if has_size:
            size, start = _leb128(part, start)
        if kind == SEQUENCE_HEADER:
            try:
                return _size(_Bits(part[start : start + size]))
            except IndexError:
                return 0, 0
        if kind != TEMPORAL_DELIMITER:
            break
        part = part[start + size :]
    return 0, 0


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for place in range(8):
        byte = data[at] if at < len(data) else 0
        at += 1
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            break
    return value, at


def _size(bits: _Bits) -> tuple[int, int]:
    bits.read(4)  # profile, still picture
    if bits.read(1):  # a reduced header
        bits.read(5)
    else:
        _skip_operating_points(bits)
    wide, high = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(wide) + 1, bits.read(high) + 1


def _skip_operating_points(bits: _Bits) -> None:
    """Read what stands between the profile and the size in a header that is not reduced."""
    delay_bits = 0
    if bits.read(1):  # timing
        bits.read(64)
        if bits.read(1):
            zeros = 0
            while zeros < 32 and not bits.read(1):
                zeros += 1
            bits.read(zeros)
        if bits.read(1):  # a decoder model
            delay_bits = bits.read(5) + 1
            bits.read(42)
    has_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_delay and bits.read(1):
            bits.read(4)
