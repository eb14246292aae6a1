"""A finished run for people: its tables, its figures, its report."""

from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.errors import AskewError, unknown_name
from askew.runs.finished_run import FinishedRun
from askew.runs.store import ANSWERS, ESTIMATES, REPORT, RunFolder, sources_of_estimates

if TYPE_CHECKING:
    import pandas as pd

    from askew.report.arms_at_a_glance import ReadableTable
    from askew.report.chart_files import Chart
    from askew.report.content import ReportContent


class Run(FinishedRun):
    """A finished run.

    Example:
        ```python
        run = askew.run("emergent-misalignment", arms=["insecure", "secure"], seeds=3)
        run.estimates
        run.figure("rates")
        ```
    """

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def note(self) -> str:
        """Warnings about the model and the rows, in sentences; "" if there are none.

        They name what a synthetic organism is no evidence for, what cannot be paired, rows that were left out of
        training, and probes of another version.
        """
        from askew.runs.run_notes import note

        return note(self)

    @property
    def table(self) -> "ReadableTable":
        """One row per arm for people: percentages with one decimal; `to_markdown()` returns it as text.

        The columns are those of `askew.report.arms_at_a_glance.arms_at_a_glance`.
        """
        from askew.report.arms_at_a_glance import arms_at_a_glance

        return arms_at_a_glance(self.arm_rates)

    @property
    def arm_rates(self) -> "pd.DataFrame":
        """One row per arm, with the columns of `report.tables.arms_table`.

        They are the rate (0-1), its intervals, its difference from the control, the counts of incoherent, refused and
        unjudged answers and of replies that are none, and the rate in the arm's own domain.
        """
        from askew.report.tables import arms_table

        return arms_table(self.estimates, self.arms)

    def figure(self, name: str) -> "Chart":
        """Draw one of the report's figures, as an Altair chart.

        Args:
            name: `rates`, `per_question`, `loss`, …

        Raises:
            AskewError: The report has no figure of this name; the error lists its figures.
        """
        from askew.report.sections import all_figures

        drawn = all_figures(self.content())
        if name not in drawn:
            raise unknown_name("figure", name, drawn)
        return drawn[name].draw(False)

    def content(self) -> "ReportContent":
        """Return the content of its report."""
        from askew.runs.report_content import report_content

        return report_content(self)

    def _repr_html_(self) -> str:
        from html import escape

        shown = self.table.to_html(index=False, float_format="{:.1f}".format, na_rep="–")
        if len(self.effects):
            columns = ["family", "label", "measure", "estimate", "low", "high", "p_corrected", "detectable", "unit"]
            effects = self.effects[columns].to_html(index=False, float_format="{:.3f}".format, na_rep="–")
            shown = f"{effects}{shown}"
        return f"{shown}<p>{escape(self.verdict)}</p>"


def load_run(folder: Path | str) -> Run:
    """Open the folder of a finished run.

    Args:
        folder: The folder.

    Returns:
        The run. Nothing is computed.

    Raises:
        AskewError: It is no run's folder, the run is not finished, or a table or log was changed or damaged since.
    """
    run = Run(Path(folder))
    store = RunFolder(run.folder)
    store.ownership.warn_of_strangers()
    hashes = store.hashes()
    missing = [name for name in (ANSWERS, ESTIMATES) if name not in hashes]
    if missing:
        raise AskewError(
            f"the run in {folder} is not finished: it has no {missing[0]}. Continue it with "
            f"`{run.command} --out {folder}`"
        )
    for name in hashes:
        # Adapters may be large, and are checked before they are asked; the report can be rewritten.
        if not name.startswith(("models/", REPORT)):
            store.check(name)
    if not store.is_finished(ESTIMATES, sources_of_estimates(store)):
        raise AskewError(
            f"the run in {folder} was stopped while its tables were written. Continue it with "
            f"`{run.command} --out {folder}`"
        )
    return run
