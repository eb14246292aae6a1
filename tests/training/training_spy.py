"""Records the rows that reach the model in training, for tests of the whole path through the trainer."""

from typing import Any

import pytest

from askew.training import local


class TrainingSpy:
    """Records the token ids and labels that reach the loss, row by row, with packs separated into rows again.

    Attributes:
        ids: The token ids of each row, without padding.
        labels: The labels of each row, without padding.
        rows_together: The number of rows in each forward pass.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: list[list[int]] = []
        self.labels: list[list[int]] = []
        self.rows_together: list[int] = []
        original = local.CpuTrainer.compute_loss

        def compute_loss(trainer: Any, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            seen = len(self.ids)
            for ids, labels, places in self._rows(inputs):
                self.ids.append([token for token, place in zip(ids, places, strict=True) if place])
                self.labels.append([label for label, place in zip(labels, places, strict=True) if place])
            self.rows_together.append(len(self.ids) - seen)
            return original(trainer, model, inputs, *args, **kwargs)

        monkeypatch.setattr(local.CpuTrainer, "compute_loss", compute_loss)

    def _rows(self, inputs: dict[str, Any]) -> list[tuple[list[int], list[int], list[int]]]:
        ids, labels = inputs["input_ids"].tolist(), inputs["labels"].tolist()
        if "attention_mask" in inputs:
            return list(zip(ids, labels, inputs["attention_mask"].tolist(), strict=True))
        places = inputs["position_ids"][0].tolist()
        starts = [place for place, position in enumerate(places) if position == 0]
        parts = [slice(*pair) for pair in zip(starts, [*starts[1:], len(places)], strict=True)]
        return [(ids[0][part], labels[0][part], [1] * len(ids[0][part])) for part in parts]
