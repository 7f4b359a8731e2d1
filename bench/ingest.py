"""Files a second and peak memory of `idiolect ingest` over mixed formats, at several sizes of corpus.

    python bench/ingest.py [--files 500 2000] [--workers 1 2]

The files are made up (`tests/mixed_files.py`): every format in turn.  Memory is the largest resident set that
any one process of the run reached: flat means that it does not grow with the corpus.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _processes import group_of, memory
from mixed_files import WHOLE, write_whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    write(
        f"{'files':>7} {'workers':>7} {'seconds':>8} {'files/s':>8} {'documents':>9} {'chunks':>7} {'peak MB':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for files in arguments.files:
            docs = write_whole(Path(folder, str(files)), files)
            for workers in arguments.workers:
                print_row(docs, files, workers, Path(folder, f"work-{files}-{workers}"))
    write(f"formats: {' '.join(WHOLE)}")


def print_row(docs: Path, files: int, workers: int, work: Path) -> None:
    seconds, peak, summary = ingest(docs, workers, work)
    write(
        f"{files:7,} {workers:7} {seconds:8.1f} {files / seconds:8.1f} {summary['documents']:9,} "
        f"{summary['chunks']:7,} {peak:8.0f}"
    )


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ingest(docs: Path, workers: int, work: Path) -> tuple[float, float, dict[str, int]]:
    """Seconds, MB of the largest process, and what the stage counted."""
    command = [sys.executable, "-m", "idiolect", "ingest", str(docs), "-w", str(work), "-q", "--json"]
    command += ["--set", f"ingest.workers={workers}"]
    began, peak = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    while process.poll() is None:
        peak = max(peak, *(memory(pid, "VmHWM") for pid in group_of(process.pid)), 0)
        time.sleep(0.1)
    seconds = time.monotonic() - began
    output = process.communicate()[0]
    if process.returncode:
        sys.exit(f"ingest failed with exit code {process.returncode}")
    return seconds, peak / 1024, json.loads(output)["summary"]


if __name__ == "__main__":
    main()
