"""Draw the closing table of a run as SVG, for the README.

python docs/closing_table.py WORK docs/closing-table.svg
"""

import io
import sys
from pathlib import Path

from rich.console import Console

from idiolect.evaluation.closing import closing_lines, closing_table
from idiolect.evaluation.report import read_report

COLUMNS = 88


def main(work: Path, target: Path) -> None:
    report = read_report(work / "report.json")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    console.print(closing_table(report))
    for line in closing_lines(report, COLUMNS - 2)[:18]:
        console.print(line, markup=False)
    console.save_svg(str(target), title="idiolect run")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
