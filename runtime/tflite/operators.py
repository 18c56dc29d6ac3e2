"""The builtin operators of TFLite: their names, and how many inputs and outputs each has.

Several kernels do not count for themselves, and read past the end of an array. The names and their order are those of
BuiltinOperator in the public TFLite schema, version 3; inputs and outputs are what the kernels of TensorFlow Lite read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CUSTOM = 32  # code of an operator that is not builtin, and has a name of its own

# In the order of their codes: name, inputs, outputs (1 where nothing is said). "2-3" is two or three, "1+" one or more.
# In brackets after the inputs those that may be missing (-1), by index; "0/19" are 0 to 19.
_TABLE = """
ADD 2|AVERAGE_POOL_2D 1|CONCATENATION 1+|CONV_2D 2-3[2]|DEPTHWISE_CONV_2D 3[2]|DEPTH_TO_SPACE 1|DEQUANTIZE 1
EMBEDDING_LOOKUP 2|FLOOR 1|FULLY_CONNECTED 2-3[2] 1-2|HASHTABLE_LOOKUP 3 2|L2_NORMALIZATION 1|L2_POOL_2D 1
LOCAL_RESPONSE_NORMALIZATION 1|LOGISTIC 1|LSH_PROJECTION 2-3[2]|LSTM 5-24[1,5,9,10,11,12,16,17,20,21,22,23] 1-4
MAX_POOL_2D 1|MUL 2|RELU 1|RELU_N1_TO_1 1|RELU6 1|RESHAPE 1-2|RESIZE_BILINEAR 2|RNN 5|SOFTMAX 1|SPACE_TO_DEPTH 1
SVDF 5[3]|TANH 1|CONCAT_EMBEDDINGS 1+|SKIP_GRAM 1|CALL 0+ 0+|CUSTOM 0+ 0+|EMBEDDING_LOOKUP_SPARSE 5|PAD 2
UNIDIRECTIONAL_SEQUENCE_RNN 5|GATHER 2|BATCH_TO_SPACE_ND 3|SPACE_TO_BATCH_ND 3|TRANSPOSE 2|MEAN 2|SUB 2|DIV 2
SQUEEZE 1|UNIDIRECTIONAL_SEQUENCE_LSTM 20-24[1,5,9,10,11,12,16,17,20,21,22,23]|STRIDED_SLICE 4
BIDIRECTIONAL_SEQUENCE_RNN 12[9,10,11] 1-2|EXP 1|TOPK_V2 2 2|SPLIT 2 1+|LOG_SOFTMAX 1|DELEGATE 0+ 0+
BIDIRECTIONAL_SEQUENCE_LSTM 48[1,5,9,10,11,12,16,17,18,22,26,27,28,29,33,34,39,40,41,42,43,44,45,46,47] 1-2|CAST 1
PRELU 2|MAXIMUM 2|ARG_MAX 2|MINIMUM 2|LESS 2|NEG 1|PADV2 3|GREATER 2|GREATER_EQUAL 2|LESS_EQUAL 2|SELECT 3|SLICE 3
SIN 1|TRANSPOSE_CONV 3-4[3]|SPARSE_TO_DENSE 4|TILE 2|EXPAND_DIMS 2|EQUAL 2|NOT_EQUAL 2|LOG 1|SUM 2|SQRT 1|RSQRT 1
SHAPE 1|POW 2|ARG_MIN 2|FAKE_QUANT 1|REDUCE_PROD 2|REDUCE_MAX 2|PACK 1+|LOGICAL_OR 2|ONE_HOT 4|LOGICAL_AND 2
LOGICAL_NOT 1|UNPACK 1 1+|REDUCE_MIN 2|FLOOR_DIV 2|REDUCE_ANY 2|SQUARE 1|ZEROS_LIKE 1|FILL 2|FLOOR_MOD 2|RANGE 3
RESIZE_NEAREST_NEIGHBOR 2|LEAKY_RELU 1|SQUARED_DIFFERENCE 2|MIRROR_PAD 2|ABS 1|SPLIT_V 3 1+|UNIQUE 1 2|CEIL 1
REVERSE_V2 2|ADD_N 1+|GATHER_ND 2|COS 1|WHERE 1|RANK 1|ELU 1|REVERSE_SEQUENCE 2|MATRIX_DIAG 1|QUANTIZE 1
MATRIX_SET_DIAG 2|ROUND 1|HARD_SWISH 1|IF 1+ 0+|WHILE 0+ 0+|NON_MAX_SUPPRESSION_V4 5 2|NON_MAX_SUPPRESSION_V5 6 3
SCATTER_ND 3|SELECT_V2 3|DENSIFY 1|SEGMENT_SUM 2|BATCH_MATMUL 2|PLACEHOLDER_FOR_GREATER_OP_CODES 0+ 0+|CUMSUM 2
CALL_ONCE 0 0|BROADCAST_TO 2|RFFT2D 2|CONV_3D 2-3[2]|IMAG 1|REAL 1|COMPLEX_ABS 1|HASHTABLE 0|HASHTABLE_FIND 3
HASHTABLE_IMPORT 3 0|HASHTABLE_SIZE 1|REDUCE_ALL 2|CONV_3D_TRANSPOSE 3-4[3]|VAR_HANDLE 0|READ_VARIABLE 1
ASSIGN_VARIABLE 2 0|BROADCAST_ARGS 2|RANDOM_STANDARD_NORMAL 1|BUCKETIZE 1|RANDOM_UNIFORM 1|MULTINOMIAL 2|GELU 1
DYNAMIC_UPDATE_SLICE 3|RELU_0_TO_1 1|UNSORTED_SEGMENT_PROD 3|UNSORTED_SEGMENT_MAX 3|UNSORTED_SEGMENT_SUM 3|ATAN2 2
UNSORTED_SEGMENT_MIN 3|SIGN 1|BITCAST 1|BITWISE_XOR 2|RIGHT_SHIFT 2|STABLEHLO_LOGISTIC 1|STABLEHLO_ADD 2
STABLEHLO_DIVIDE 2|STABLEHLO_MULTIPLY 2|STABLEHLO_MAXIMUM 2|STABLEHLO_RESHAPE 1|STABLEHLO_CLAMP 3
STABLEHLO_CONCATENATE 1+|STABLEHLO_BROADCAST_IN_DIM 1|STABLEHLO_CONVOLUTION 2|STABLEHLO_SLICE 1
STABLEHLO_CUSTOM_CALL 0+ 0+|STABLEHLO_REDUCE 2+ 1+|STABLEHLO_ABS 1|STABLEHLO_AND 2|STABLEHLO_COSINE 1
STABLEHLO_EXPONENTIAL 1|STABLEHLO_FLOOR 1|STABLEHLO_LOG 1|STABLEHLO_MINIMUM 2|STABLEHLO_NEGATE 1|STABLEHLO_OR 2
STABLEHLO_POWER 2|STABLEHLO_REMAINDER 2|STABLEHLO_RSQRT 1|STABLEHLO_SELECT 3|STABLEHLO_SUBTRACT 2|STABLEHLO_TANH 1
STABLEHLO_SCATTER 3|STABLEHLO_COMPARE 2|STABLEHLO_CONVERT 1|STABLEHLO_DYNAMIC_SLICE 1+
STABLEHLO_DYNAMIC_UPDATE_SLICE 2+|STABLEHLO_PAD 2|STABLEHLO_IOTA 0|STABLEHLO_DOT_GENERAL 2
STABLEHLO_REDUCE_WINDOW 2+ 1+|STABLEHLO_SORT 1+ 1+|STABLEHLO_WHILE 0+ 0+|STABLEHLO_GATHER 2|STABLEHLO_TRANSPOSE 1
DILATE 3|STABLEHLO_RNG_BIT_GENERATOR 1 2|REDUCE_WINDOW 5|STABLEHLO_COMPOSITE 0+ 0+|STABLEHLO_SHIFT_LEFT 2
STABLEHLO_CBRT 1|STABLEHLO_CASE 1+ 0+
"""
MANY = 1_000_000  # where nothing bounds the number


@dataclass(frozen=True)
class Signature:
    """What an operator reads and writes.

    Attributes:
        name: Name in the schema.
        inputs: (fewest, most) inputs.
        outputs: (fewest, most) outputs.
        optional: Indices of inputs that may be missing.
    """

    name: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    optional: frozenset[int]


def builtin_operators() -> tuple[Signature, ...]:
    """The builtin operators.

    Returns:
        By their codes.

    Example:
        >>> builtin_operators()[9].name, sorted(builtin_operators()[9].optional)
        ('FULLY_CONNECTED', [2])
    """
    return tuple(_parsed(row) for row in _TABLE.replace("\n", "|").strip("|").split("|"))


def _parsed(row: str) -> Signature:
    name, inputs, *outputs = row.split()
    count, _, optional = inputs.partition("[")
    indices = frozenset(int(index) for index in optional.rstrip("]").split(",") if index)
    return Signature(name, _range(count), _range(outputs[0] if outputs else "1"), indices)


def _range(text: str) -> tuple[int, int]:
    if text.endswith("+"):
        return int(text[:-1]), MANY
    fewest, _, most = text.partition("-")
    return int(fewest), int(most or fewest)


# Operators that run other graphs, by name: the type of their options, and its fields that hold a graph's index.
CALLED: Mapping[str, tuple[int, tuple[int, ...]]] = {
    "CALL": (16, (0,)),
    "IF": (92, (0, 1)),
    "WHILE": (93, (0, 1)),
    "CALL_ONCE": (103, (0,)),
    "STABLEHLO_REDUCE": (6, (1,)),
    "STABLEHLO_SCATTER": (7, (6,)),
    "STABLEHLO_REDUCE_WINDOW": (13, (5,)),
    "STABLEHLO_SORT": (14, (2,)),
    "STABLEHLO_WHILE": (15, (0, 1)),
    "STABLEHLO_COMPOSITE": (21, (1,)),
}
# Kernels that end the process (a check in the C++) where the output of a comparison is no BOOL.
COMPARISONS = frozenset({"LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "EQUAL", "NOT_EQUAL"}) | frozenset(
    {"LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"}
)
# Kernels that compute with the scales of 8-bit inputs and outputs, and end the process or divide by 0 without them; by
# name, how many of the inputs that counts for.
NEED_SCALES: Mapping[str, int] = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "SQUARED_DIFFERENCE", "BATCH_MATMUL", "PRELU", "CONV_2D"), 2),
    **dict.fromkeys(("DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), 2),
    **dict.fromkeys(("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "LEAKY_RELU", "HARD_SWISH", "ELU"), 1),
}
