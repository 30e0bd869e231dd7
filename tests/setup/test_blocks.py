import numpy as np

from setup.blocks import BLOCK, ZERO, quantised


def test_every_number_is_within_half_a_step_of_what_it_was() -> None:
    matrix = np.random.default_rng(7).normal(size=(2 * BLOCK, 3)).astype(np.float32)
    matrix[0] = 40  # one large number spoils its own block alone
    numbers, scales = quantised(matrix)
    again = ((numbers.astype(float) - ZERO) * scales[..., None]).reshape(3, -1).T
    assert numbers.shape == (3, 2, BLOCK)
    off = np.abs(again - matrix).reshape(2, BLOCK, 3)
    assert (off <= scales.T[:, None, :] / 2 + 1e-6).all()
    assert scales[:, 1].max() < 0.1 < scales[:, 0].min()


def test_a_block_of_noughts_stays_nought() -> None:
    numbers, _ = quantised(np.zeros((BLOCK, 2), np.float32))
    assert (numbers == ZERO).all()
