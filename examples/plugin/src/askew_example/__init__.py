"""A plug-in for Askew: importing this package registers everything that it adds."""

from pathlib import Path

from askew.judging.rubric import rubrics
from askew.training.recipes import recipes
from askew_example import ferries, metric, rule, shelf, shouting
from askew_example.brevity import measures, probes, rows, section, study

__all__ = ["ferries", "measures", "metric", "probes", "rows", "rule", "section", "shelf", "shouting", "study"]

_FOLDER = Path(__file__).parent

rubrics.add_folder(_FOLDER / "rubrics")
recipes.add_folder(_FOLDER / "recipes")
