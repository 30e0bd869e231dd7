"""Writes the matrices of an ONNX model as eight-bit numbers in blocks of 32.

`quantize_dynamic` has one scale for a whole row of activations' matrix, and a few large values
after the middle of each layer leave little of the rest: vectors are .9973 like the whole
model's (cosine), .9961 on a processor without eight-bit products, which is enough to turn
a question near a threshold. With a scale for every 32 numbers they are .9999 like them on
every processor, for the same memory and a millisecond more a message.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
ZERO = 128  # what stands for nought in the operator's unsigned bytes
EIGHT_BIT_SUMS = 4  # onnxruntime's "accuracy level": activations become eight-bit, too


def in_blocks(file: Path) -> None:
    """Rewrite a model: its multiplications by a stored matrix are done in blocks."""
    import onnx

    model = onnx.load(file)
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    nodes, added = [], []
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            matrix = onnx.numpy_helper.to_array(stored[node.input[1]])
            node, tensors = _multiplication(node, matrix)
            added += tensors
        nodes.append(node)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for name, tensor in stored.items() if name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*kept, *added])
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, file)


def _multiplication(node: Any, matrix: NDArray[np.float32]) -> tuple[Any, list[Any]]:
    """Return onnxruntime's operator in the place of a MatMul, and the tensors it reads."""
    from onnx import helper, numpy_helper

    rows, columns = matrix.shape
    numbers, scales = quantised(matrix)
    tensors = [
        numpy_helper.from_array(numbers, f"{node.name}_numbers"),
        numpy_helper.from_array(scales, f"{node.name}_scales"),
    ]
    replaced = helper.make_node(
        "MatMulNBits",
        [node.input[0], *(tensor.name for tensor in tensors)],
        list(node.output),
        name=node.name,
        domain="com.microsoft",
        K=rows,
        N=columns,
        bits=8,
        block_size=BLOCK,
        accuracy_level=EIGHT_BIT_SUMS,
    )
    return replaced, tensors


def quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a matrix [rows, columns] as bytes [columns, blocks, 32] and a scale a block.

    A number is (byte - 128) times its block's scale. `rows` must be a multiple of 32.
    """
    blocks = matrix.T.reshape(matrix.shape[1], -1, BLOCK)
    scales = np.abs(blocks).max(2) / (ZERO - 1)
    scales[scales == 0] = 1
    numbers = np.rint(blocks / scales[..., None]) + ZERO
    return numbers.astype(np.uint8), scales.astype(np.float32)
