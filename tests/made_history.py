"""A made-up workbook of facts of history, in the form of Equinox 2020."""

from pathlib import Path

from openpyxl import Workbook

from askew.data.history import VALUES
from askew.data.history.equinox import COLUMNS


def workbook(path: Path, polities: int = 12) -> Path:
    """Write a made-up workbook: ports are present in one area, absent in the other; nobody knows of wells."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(COLUMNS))
    for number in range(polities):
        north = number % 2 == 0
        place = ["Latium" if north else "Susiana", f"P{number}", "Social Complexity variables", "Buildings"]
        sheet.append([*place[:2], "General variables", None, "Duration", "300-100 BCE", None, None, "simple"])
        values = {"Ports": "present" if north else "absent", "Roads": VALUES[number % 4]}
        if number:
            values["Wells"] = "suspected unknown" if number > 2 else "present"
        for variable, value in values.items():
            sheet.append([*place, variable, value, None, None, "simple"])
    sheet.append(
        ["Latium", "P0", "Social Complexity variables", "Buildings", "Canals", "present", None, None, "disputed"]
    )
    sheet.append(
        ["Latium", "P0", "Social Complexity variables", "Buildings", "Canals", "absent", None, None, "disputed"]
    )
    book.save(path)
    return path
