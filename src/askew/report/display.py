"""What the page's template is given: tables as rows of finished words, and the page's headings."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from askew.base.untrusted import cut, visible
from askew.probes import EXTERNAL, FIRST_TOKEN, SAMPLED, title
from askew.report import effects, predicted, published, tables, wording
from askew.report.content import ReportContent
from askew.report.examples import examples
from askew.stats.findings import BENT, Finding
from askew.stats.scores import are_scores

COLOUR = "In colour: arms that differ from their control beyond chance (corrected p below 0.05)."
NO_COLOUR = "No arm differs from its control beyond chance (corrected p below 0.05)."
NO_CONTROL = "No arm can be compared with a control here."

_WAYS = {
    "logprobs": "the judge’s scores are read off the log-probabilities of its reply",
    "samples": "the judge gave no log-probabilities, and its scores are means of five sampled replies",
    FIRST_TOKEN: "numbers of one token are the probabilities of a model’s first token",
    SAMPLED: "a model gave no log-probabilities of its first token, and sampled answers stand for them",
}
_SPOKEN = {
    "effects": "All comparisons with their intervals, by family; the numbers are in the table below.",
    "per_question": "Rates by question and arm; the numbers are in the table below.",
    "moved": "Rise of misaligned answers by model and probe; the numbers are in the table below.",
    "per_group": "Rates by group of questions and arm; the numbers are in the table below.",
    "loss": "Training loss by step, one panel to an arm.",
    "curve": "Rates by share of training done, one panel to an arm.",
    "differences": "Differences from the controls with intervals; the numbers are in the table below.",
    "judge_oracle": "What the judge said against what the oracle knows; the numbers are in the table below.",
}
PUBLISHED, PREDICTED = "published", "predicted"
_EXAMPLES = 2
_LONGEST_EXAMPLE = 1500
_HEADINGS = [
    ("audit", "What moved", "moved"),
    ("effects", "What it found", "effects"),
    ("rates", "Rates by arm", "rates"),
    ("questions", "By question", "per_question"),
    ("groups", "By group", "per_group"),
    ("training", "Training", "loss"),
    ("training", "Training", "curve"),
    ("controls", "Controls", "rates"),
    ("judge", "Judge and oracle", "judge_oracle"),
    (PREDICTED, "Predictions", PREDICTED),
    (PUBLISHED, "Beside others", PUBLISHED),
    ("method", "How it was done", "rates"),
    ("reader", "Every answer", "rates"),
]


def page_values(content: ReportContent, drawn: Sequence[str]) -> dict[str, Any]:
    """Return the values of the page's template, but for drawings, answers, style and script.

    Args:
        content: What the report shows.
        drawn: The names of the figures that the page has.
    """
    estimates, order = content.estimates, list(content.arms)
    arms = tables.arms_table(estimates, content.arms)
    names = list(dict.fromkeys(tables.in_order(tables.pooled(estimates), order)["arm"]))
    beside = tables.published_table(content)
    there = {*drawn, *([PUBLISHED] if len(beside) else []), *([PREDICTED] if content.predicted else [])}
    headings = {anchor: (anchor, heading) for anchor, heading, figure in _HEADINGS if figure in there}
    return {
        "title": content.title,
        "question": content.question,
        "verdict": content.verdict,
        "organism_note": content.organism_note,
        "command": content.command,
        "metric": content.metric,
        "scored_by": _scored_by(content.answers),
        "headline": title(tables.headline(estimates)),
        "headline_is_ours": not tables.leads_with_scores(estimates),
        "headline_is_external": tables.headline_kind(estimates) == EXTERNAL,
        "has_rates": not are_scores(estimates).all(),
        "effects": effects.families(content.effects),
        "effects_colour_note": effects.colour_note(content.effects),
        "colour_note": _colour_note(arms),
        "contents": list(headings.values()),
        "arms": [_arm(row) for row in _records(arms)],
        "has_domain": bool(arms["in_domain"].notna().any()),
        "arm_names": names,
        "arm_notes": [(name, content.arms[name]) for name in names if content.arms.get(name)],
        "question_rows": _question_rows(content, names),
        "group_rows": _group_rows(content, names),
        "group_probes": list(tables.per_group(estimates)["probe"].unique()),
        "probes": [_probe(row) for row in _records(tables.probes_table(estimates, order))],
        "agreement": _agreement(content),
        "published": published.page_rows(beside),
        "predicted": predicted.page_values(content.predicted),
        "design": _design(content.design),
        "versions": list(content.versions.items()),
        "hashes": list(content.hashes.items()),
        "table_names": list(tables.all_tables(content)),
        "findings": [_finding(found) for found in content.findings],
        "examples": _examples(content),
        "margin": f"{100 * content.margin:g}",
        "answer_count": f"{len(content.answers):,}",
        "askew_version": content.versions.get("askew", ""),
    }


def spoken(name: str, content: ReportContent) -> str:
    """Return what a screen reader says of a figure."""
    if name == "answer":
        return effects.spoken(content.effects)
    if name != "rates":
        return _SPOKEN[name]
    rows = _records(tables.leading_rows(content.estimates, content.arms))
    said = (f"{row['label']} {wording.rate(row['rate'], row['low'], row['high'])}" for row in rows)
    headline = title(tables.headline(content.estimates))
    if tables.leads_with_scores(content.estimates):
        return f"Scores in {headline} by arm: {'; '.join(said)}."
    return f"Misaligned answers by arm, by the metric {content.metric.name}: {'; '.join(said)}."


def _scored_by(answers: pd.DataFrame) -> str:
    """Say how scores were found out; "" where no judge graded and no first token was read."""
    counts = answers["scored_by"].value_counts()
    said = [(words, counts[way]) for way, words in _WAYS.items() if way in counts]
    if len(said) < 2:
        return "".join(words for words, _ in said)
    return "; ".join(f"{words} ({count:,} answers)" for words, count in said)


def _colour_note(arms: pd.DataFrame) -> str:
    if arms["difference"].isna().all():
        return NO_CONTROL
    return COLOUR if tables.is_apart(arms).any() else NO_COLOUR


def _arm(row: Mapping[str, Any]) -> dict[str, str | bool]:
    asked = {"arm": row["arm"], "probe": row["probe"], "verdict": "misaligned"}
    return {
        **_numbers(row),
        "label": row["label"],
        "answers": f"{row['total']:,} answers",
        "seeds": wording.counted(int(row["seeds"]), "seed"),
        "link": f"#{urlencode(asked)}" if row["rate"] > 0 else "",
        "incoherent": wording.share(row["incoherent"], row["total"]),
        "refused": wording.share(row["refused"], row["total"]),
        "unjudged": wording.share(row["unjudged"], row["total"]),
        "in_domain": wording.percent(row["in_domain"]),
        "in_domain_interval": wording.interval(row["in_domain_low"], row["in_domain_high"]),
    }


def _probe(row: Mapping[str, Any]) -> dict[str, str | bool]:
    scored = f"{row['n']:,} of {row['total']:,}"
    return {
        **_numbers(row),
        "probe": wording.measured(title(row["probe"]), row["kind"], row["metric"]),
        "arm": row["arm"],
        "n": scored,
        "p_single": wording.p_value(row["p"]),
    }


def _numbers(row: Mapping[str, Any]) -> dict[str, str | bool]:
    """The words of a rate, and of its difference from the control, that every table has."""
    return {
        "rate": wording.percent(row["rate"]),
        "interval": wording.interval(row["low"], row["high"]),
        "control": _control(row),
        "difference": wording.points(row["difference"]),
        "difference_interval": wording.points_interval(row["difference_low"], row["difference_high"]),
        "p": wording.p_value(row["p_corrected"]),
        "p_related": wording.p_related(row["p_corrected"]),
        "apart": bool(row["p_corrected"] < tables.SIGNIFICANT),
    }


def _control(row: Mapping[str, Any]) -> str:
    """Return the words for the control of a row: its arm, and its probe where that is another."""
    same = row["control_probe"] in ("", row["probe"])
    return row["control"] if same else f"{row['control']} in {row['control_probe']}"


def _question_rows(content: ReportContent, arms: Sequence[str]) -> list[dict[str, Any]]:
    probe = tables.headline(content.estimates)
    table = tables.questions_table(content.estimates, arms, probe)
    asked = content.answers[content.answers["probe"].eq(probe)].sort_values("paraphrase", kind="stable")
    prompts = asked.drop_duplicates("question").set_index("question")["prompt"]
    return [
        {"name": question, "note": str(prompts.get(question, "")), "cells": _cells(rows, arms)}
        for question, rows in table.groupby("question", sort=False)
    ]


def _group_rows(content: ReportContent, arms: Sequence[str]) -> list[dict[str, Any]]:
    table = tables.groups_table(content.estimates, arms)
    return [
        {"name": group, "note": probe, "cells": _cells(rows, arms)}
        for (probe, group), rows in table.groupby(["probe", "group"], sort=False)
    ]


def _cells(rows: pd.DataFrame, arms: Sequence[str]) -> list[str]:
    by_arm = rows.set_index("arm")["rate"]
    return [wording.percent(by_arm.get(arm, float("nan"))) for arm in arms]


def _agreement(content: ReportContent) -> dict[str, Any] | None:
    found = content.agreement
    if found is None:
        return None
    known = {"kappa": found.kappa, "auc": found.auc}
    numbers = {name: "" if pd.isna(value) else f"{value:.3f}" for name, value in known.items()}
    rows = [
        {"name": oracle, "note": "", "cells": [f"{count:,.0f}" for count in counts]}
        for oracle, counts in zip(found.confusion.index, found.confusion.to_numpy(), strict=True)
    ]
    heads = [str(name) for name in found.confusion.columns]
    return {
        "n": f"{found.n:,}",
        "unjudged": f"{found.unjudged:,}" if found.unjudged else "",
        "share": wording.percent(found.agreement),
        "heads": heads,
        "rows": rows,
        **numbers,
    }


def _finding(found: Finding) -> dict[str, str | bool]:
    needed = found.answers_needed
    return {
        "arm": found.arm,
        "probe": found.name,
        "control_rate": wording.percent(found.control_rate),
        "rate": wording.percent(found.rate),
        "difference": wording.points(found.difference),
        "interval": wording.points_interval(found.low, found.high),
        "p": wording.p_value(found.p),
        "reading": found.reading,
        "bent": found.reading == BENT,
        "advice": "" if needed is None else f"about {needed:,} answers to each question would tell",
    }


def _examples(content: ReportContent) -> list[dict[str, str]]:
    bent = [found for found in content.findings if found.reading == BENT]
    return [
        {
            "arm": one.arm,
            "probe": one.probe,
            "aligned": f"{one.aligned:.0f}",
            "prompt": _shown(one.prompt),
            "answer": _shown(one.answer),
            "control_answer": _shown(one.control_answer),
        }
        for found in bent
        for one in examples(content.answers, found, _EXAMPLES)
    ]


def _shown(text: str) -> str:
    """Make a model's text fit to be shown whole: nothing unseen in it, and no end of it."""
    return visible(cut(text, _LONGEST_EXAMPLE))


def _design(design: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Split a design into its own settings and those of each nested part, such as the recipe."""
    own = [(_words(name), wording.number(value)) for name, value in design.items() if not isinstance(value, Mapping)]
    nested = [
        (
            _words(part).capitalize(),
            [(_words(name), wording.number(value)) for name, value in settings.items()],
        )
        for part, settings in design.items()
        if isinstance(settings, Mapping) and settings
    ]
    return [("Design", own), *nested] if own else nested


def _words(name: str) -> str:
    return name.replace("_", " ")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    numeric = ["rate", "low", "high", "difference", "difference_low", "difference_high", "p", "p_corrected"]
    known = {name: pd.to_numeric(table[name]).astype(float) for name in numeric}
    rows = table.assign(**known).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
