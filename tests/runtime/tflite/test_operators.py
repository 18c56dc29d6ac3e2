"""The table of builtin operators is the schema's."""

from __future__ import annotations

from runtime.tflite.operators import CALLED, COMPARISONS, CUSTOM, MANY, NEED_SCALES, builtin_operators


def test_names_stand_at_their_codes() -> None:
    names = [signature.name for signature in builtin_operators()]
    assert len(names) == len(set(names)) == 210
    known = {0: "ADD", CUSTOM: "CUSTOM", 44: "UNIDIRECTIONAL_SEQUENCE_LSTM", 119: "WHILE", 150: "GELU", 203: "DILATE"}
    assert {code: names[code] for code in known} == known
    assert set(CALLED) | COMPARISONS | set(NEED_SCALES) <= set(names)


def test_ranges_and_optional_inputs() -> None:
    by_name = {signature.name: signature for signature in builtin_operators()}
    assert by_name["FULLY_CONNECTED"].inputs == (2, 3)
    assert by_name["FULLY_CONNECTED"].optional == {2}
    assert by_name["CONCATENATION"].inputs == (1, MANY)
    assert by_name["ASSIGN_VARIABLE"].outputs == (0, 0)
    assert all(max(one.optional, default=0) < max(one.inputs[1], 1) for one in by_name.values())
