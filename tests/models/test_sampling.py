"""Draws follow the probabilities, and rounding, which differs between batches, changes almost no draw."""

import numpy as np
import pytest
import torch

from askew.models.engine.sampling import Draw, Sampling, keys, next_tokens


def draw(logits: torch.Tensor, count: int, sampling: Sampling, seed: int = 3) -> torch.Tensor:
    """Draw a token for many answers with the same logits."""
    key = torch.from_numpy(keys([Draw(0, seed, 0)], count)[0])
    return next_tokens(logits[None], torch.zeros(count, dtype=torch.int64), key, sampling)


def like_a_language(vocabulary: int) -> torch.Tensor:
    """Return logits like those of a model: a few likely tokens, and very many unlikely ones."""
    generator = torch.Generator().manual_seed(0)
    rank = torch.randperm(vocabulary, generator=generator) + 1
    return -1.3 * rank.log() + torch.randn(vocabulary, generator=generator)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
@pytest.mark.parametrize("vocabulary", [5, 100])
def test_tokens_follow_their_probabilities(vocabulary: int, temperature: float) -> None:
    """This holds for the likeliest tokens and for the others, which are up to a third of all draws."""
    logits, count = 0.5 * like_a_language(vocabulary), 100_000
    expected = torch.softmax(logits / temperature, dim=-1).numpy()
    seen = np.bincount(draw(logits, count, Sampling(1, temperature=temperature)), minlength=vocabulary) / count
    assert np.all(np.abs(seen - expected) < 5 * np.sqrt(expected / count))


def test_rounding_changes_almost_no_draw() -> None:
    logits, count = like_a_language(50_000), 10_000
    rounded = logits + 3e-6 * torch.randn(len(logits), generator=torch.Generator().manual_seed(1))
    one, other = (draw(these, count, Sampling(1)) for these in (logits, rounded))
    assert len(one.unique()) > 1000
    assert (one != other).sum() <= 2


def test_draws_of_an_answer_are_independent() -> None:
    """The noise of different tokens, seeds and answers is independent."""
    logits, count = torch.zeros(2), 20_000
    streams = [keys([Draw(0, seed, index)], count)[0] for seed in (1, 2) for index in (0, 1)]
    said = [
        next_tokens(logits[None], torch.zeros(count, dtype=torch.int64), torch.from_numpy(stream), Sampling(1)).numpy()
        for stream in streams
    ]
    said += [np.roll(said[0], places) for places in (1, 2)]
    together = np.corrcoef(said) - np.eye(len(said))
    assert np.abs(together).max() < 5 / np.sqrt(count)


def test_excluded_tokens_are_never_drawn() -> None:
    logits = like_a_language(200)
    best = logits.argsort(descending=True)
    assert set(draw(logits, 5000, Sampling(1, top_k=3)).tolist()) == set(best[:3].tolist())
    held = torch.softmax(logits, dim=-1)[best].cumsum(0)
    nucleus = set(best[: int((held < 0.95).sum()) + 1].tolist())
    said = set(draw(logits, 20_000, Sampling(1, top_p=0.95)).tolist())
    assert said <= nucleus
    assert len(said) > 32
