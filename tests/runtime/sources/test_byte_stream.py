"""A pipe under a time limit."""

from __future__ import annotations

import os

import pytest

from runtime.sources.byte_stream import Deadline, PipeStream


def test_a_pipe_is_read_as_it_comes_and_to_its_end() -> None:
    out, into = os.pipe()
    stream = PipeStream(out, 60, head=b"first")
    assert stream.is_ready(0)
    assert stream.read() == b"first"
    assert not stream.is_ready(0)
    os.write(into, b"second")
    assert stream.is_ready(60)
    assert stream.read() == b"second"
    os.close(into)
    assert stream.read() == b""
    stream.close()
    assert stream.read() == b""
    os.close(out)  # it was left open: it belongs to the process


def test_silence_and_a_limit_that_has_passed_are_timeouts() -> None:
    out, into = os.pipe()
    with pytest.raises(TimeoutError):
        PipeStream(out, 0.02).read()
    late = PipeStream(out, 0.0)
    with pytest.raises(TimeoutError):
        late.read()
    os.close(into)
    os.close(out)


def test_a_limit_is_renewed_and_can_be_changed() -> None:
    limit = Deadline(0.0)
    with pytest.raises(TimeoutError, match="nothing within 0 s"):
        limit.remaining()
    limit.renew(60)
    assert 59 < limit.remaining() <= 60
    limit.renew()
    assert 59 < limit.remaining() <= 60
