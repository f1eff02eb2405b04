"""The losses of apron-mini: lowest where they should be, blind where they must be."""

import pytest
import torch

from clipomaly_ros.model.mini.losses import TextBank, box_loss, known_loss, mass_loss
from clipomaly_ros.model.mini.pictures import BEHIND, IGNORED, SHAPE

V, C, S = 3, 2, 4
UNKNOWN = torch.full((1, 6, 6, 4), IGNORED)


@pytest.fixture
def bank():
    """Return a bank of orthogonal texts."""
    return TextBank(torch.eye(V + C + S), V, C)


def logits_of(cells, bank, scale=20.0):
    return scale * torch.nn.functional.normalize(cells, dim=-1) @ bank.embeddings.T


def test_known_loss_is_low_for_the_right_class_and_ignores_the_rest(bank):
    cells = torch.eye(V + C + S)[torch.tensor([[[0, 1], [2, 0]]])]
    labels = torch.tensor([[[0, 1], [2, 255]]])[..., None].expand(1, 2, 2, 4)
    assert known_loss(logits_of(cells, bank), labels, bank) < 1e-3
    cells[0, 1, 1] = bank.embeddings[V]  # an ignored cell may be anything
    assert known_loss(logits_of(cells, bank), labels, bank) < 1e-3
    cells[0, 0, 0] = bank.embeddings[V]
    assert known_loss(logits_of(cells, bank), labels, bank) > 1.0


def test_known_loss_without_labels_is_zero(bank):
    labels = torch.full((1, 2, 2, 4), 255)
    assert known_loss(torch.randn(1, 2, 2, V + C + S), labels, bank) == 0.0


@pytest.mark.parametrize(("word", "row"), [(1, V + 1), (-1, V + C + 2)])
def test_box_loss_wants_the_caption_where_the_known_does_not_explain(bank, word, row):
    scale = torch.tensor(20.0)
    cells = bank.embeddings[0].repeat(1, 6, 6, 1)  # all pavement
    boxes, words = torch.tensor([[0.0, 1.0, 1.0, 5.0, 5.0]]), torch.tensor([word])
    missed = box_loss(cells, logits_of(cells, bank), UNKNOWN, boxes, words, bank, scale)
    cells[0, 2:4, 2:4] = bank.embeddings[row]  # the middle of the box is the object
    found = box_loss(cells, logits_of(cells, bank), UNKNOWN, boxes, words, bank, scale)
    assert found < 0.1 * missed


def test_box_loss_moves_nothing_outside_the_box(bank):
    cells = torch.randn(1, 6, 6, V + C + S, requires_grad=True)
    boxes, words = torch.tensor([[0.0, 2.0, 2.0, 4.0, 4.0]]), torch.tensor([0])
    box_loss(cells, logits_of(cells, bank), UNKNOWN, boxes, words, bank, torch.tensor(20.0)).backward()
    moved = cells.grad.abs().sum(dim=-1)[0] > 0
    assert moved[2:4, 2:4].all()
    assert moved.sum() == 4


def test_boxes_smaller_than_a_cell_or_at_the_edge_still_count(bank):
    cells = torch.randn(1, 6, 6, V + C + S, requires_grad=True)
    boxes = torch.tensor([[0.0, 5.95, 5.9, 6.0, 6.0], [0.0, 0.1, 0.1, 0.2, 0.2]])
    loss = box_loss(
        cells, logits_of(cells, bank), UNKNOWN, boxes, torch.tensor([0, -1]), bank, torch.tensor(20.0)
    )
    loss.backward()
    assert torch.isfinite(loss)
    assert (cells.grad.abs().sum(dim=-1) > 0).sum() == 2


def test_cells_behind_a_shape_are_drawn_to_what_surrounds_the_box(bank):
    cells = bank.embeddings[0].repeat(1, 6, 6, 1)  # all pavement
    cells[0, 1:5, 1:5] = bank.embeddings[V + 1]
    boxes, words = torch.tensor([[0.0, 1.0, 1.0, 5.0, 5.0]]), torch.tensor([1])
    labels = UNKNOWN.clone()
    labels[0, 1:5, 1:5] = BEHIND
    labels[0, 2:4, 2:4] = SHAPE
    filled = box_loss(cells, logits_of(cells, bank), labels, boxes, words, bank, torch.tensor(20.0))
    cells[0, 1:5, 1:5] = bank.embeddings[0]
    cells[0, 2:4, 2:4] = bank.embeddings[V + 1]
    shaped = box_loss(cells, logits_of(cells, bank), labels, boxes, words, bank, torch.tensor(20.0))
    assert shaped < 0.5 * filled


def test_the_shape_counts_even_where_the_model_sees_its_background(bank):
    cells = bank.embeddings[0].repeat(1, 6, 6, 1).requires_grad_()
    boxes, words = torch.tensor([[0.0, 1.0, 1.0, 5.0, 5.0]]), torch.tensor([1])
    labels = UNKNOWN.clone()
    labels[0, 1:5, 1:5] = BEHIND
    labels[0, 3, 1:5] = SHAPE
    box_loss(cells, logits_of(cells, bank), labels, boxes, words, bank, torch.tensor(5.0)).backward()
    moved = cells.grad[0, 1:5, 1:5].norm(dim=-1)
    assert moved[2].min() > 2 * moved[[0, 1, 3]].max()


def test_no_box_no_loss(bank):
    cells = torch.randn(1, 6, 6, V + C + S)
    none = torch.zeros(0, 5), torch.zeros(0, dtype=torch.long)
    assert box_loss(cells, logits_of(cells, bank), UNKNOWN, *none, bank, torch.tensor(5.0)) == 0


def mass_scene(bank):
    """Return cells that are right everywhere, and their labels: pavement with a thing of 2 x 2 cells."""
    cells = bank.embeddings[0].repeat(1, 10, 10, 1)
    labels = torch.zeros(1, 10, 10, 4, dtype=torch.long)
    labels[0, 4:6, 4:6], cells[0, 4:6, 4:6] = SHAPE, bank.embeddings[V]
    return cells, labels


def test_mass_loss_asks_whether_a_cell_is_strange_and_not_what_it_is_called(bank):
    cells, labels = mass_scene(bank)
    right = mass_loss(logits_of(cells, bank), labels, bank)
    assert right < 1e-3
    cells[0, 4:6, 4:6] = bank.embeddings[V + C + 1]  # another strange word
    cells[0, 0] = bank.embeddings[1]  # another known class
    assert mass_loss(logits_of(cells, bank), labels, bank) == pytest.approx(float(right), abs=1e-4)
    cells[0, 4:6, 4:6] = bank.embeddings[1]
    assert mass_loss(logits_of(cells, bank), labels, bank) > 1.0


def test_mass_loss_sees_a_single_false_alarm_among_many_known_cells(bank):
    cells, labels = mass_scene(bank)
    cells[0, 0, 0] = bank.embeddings[V]
    assert mass_loss(logits_of(cells, bank), labels, bank) > 1.0
    labels[0, 0, 0, 0] = IGNORED  # at an edge of what counts nothing is asked
    assert mass_loss(logits_of(cells, bank), labels, bank) < 1e-3


def test_mass_loss_without_anything_to_judge_is_zero(bank):
    logits = torch.randn(1, 6, 6, V + C + S)
    for label in (IGNORED, BEHIND):
        assert mass_loss(logits, torch.full((1, 6, 6, 4), label), bank) == 0.0
