"""A small corpus in every basic format: the manuals of a waterworks that does not exist."""

import json
from pathlib import Path

from builders import a_chunk

MACHINES = {
    "intake pump": (
        "draws raw water from the river",
        "bearing",
        "a rattling noise",
        "cavitation at the inlet",
    ),
    "sand filter": ("holds back floating particles", "sand bed", "cloudy water", "channels through the bed"),
    "chlorine doser": ("adds disinfectant to the stream", "dosing needle", "a sharp smell", "a stuck needle"),
    "pressure vessel": ("keeps the mains under pressure", "membrane", "short pump cycles", "a torn membrane"),
    "mains valve": ("shuts off one district", "spindle", "a slow drop of pressure", "scale on the seat"),
    "turbidity probe": (
        "measures how clear the water is",
        "lens",
        "readings that wander",
        "algae on the lens",
    ),
    "storage tank": ("keeps water for the night", "hatch seal", "midges in the tank", "a perished seal"),
    "booster station": ("lifts water to the hill district", "coupling", "a hot motor", "a misaligned shaft"),
    "telemetry unit": (
        "reports every reading to the control room",
        "aerial",
        "gaps in the log",
        "a loose plug",
    ),
    "ozone generator": ("breaks down taste and odour", "electrode", "a falling yield", "moist feed gas"),
    "sludge scraper": ("clears the settling basin floor", "chain", "a jerking motion", "a stretched chain"),
    "backup generator": ("feeds the plant in a power cut", "fuel filter", "white smoke", "water in the fuel"),
    "flow meter": ("counts what leaves the plant", "liner", "a count that drifts", "deposits on the liner"),
    "carbon column": ("takes pesticides out of the water", "carbon", "an early breakthrough", "spent carbon"),
    "inlet screen": ("keeps branches out of the intake", "rake", "a rising head loss", "a bent rake"),
    "sampling cabinet": (
        "collects a sample every hour",
        "peristaltic hose",
        "empty bottles",
        "a flattened hose",
    ),
}
"""Machine → what it does, its wearing part, the sign of a fault, the fault's usual cause."""


def sections(name: str, number: int) -> list[tuple[str, str]]:
    """Heading and text of one manual's sections."""
    purpose, part, sign, cause = MACHINES[name]
    weeks, turns, years = 2 + number % 7, 3 + number % 5, 1 + number % 4
    return [
        (
            f"What the {name} is for",
            f"The {name} {purpose}. It was put into service when the eastern works were rebuilt. "
            f"Operators check it on every round and write what they see into the station book. "
            f"A {name} is a device that {purpose} without anyone standing beside it.",
        ),
        (
            f"Replacing the {part}",
            f"The {part} wears faster than anything else in the {name}. Inspect it every {weeks} weeks. "
            f"Close the supply, release the pressure and loosen the cover by {turns} turns before lifting it. "
            f"Fit a new {part} after {years} years at the latest, even where the old one still looks sound.",
        ),
        (
            f"When there is {sign}",
            f"If the crew notices {sign}, the usual reason is {cause}. Do not restart the machine more than twice. "
            f"Call the duty engineer, note the time, and switch to the standby line until the cause is found. "
            f"Repairs that take longer than a shift are reported to the control room.",
        ),
    ]


def chunks_of(machines=tuple(MACHINES)):
    """Three chunks a manual, the second and third sharing some text."""
    chunks = []
    for number, name in enumerate(MACHINES):
        if name not in machines:
            continue
        start = 0
        for position, (heading, text) in enumerate(sections(name, number)):
            stem = name.replace(" ", "-")
            chunks.append(
                a_chunk(
                    f"{stem}#{position}", text, title=f"Manual of the {name}", headings=[heading], start=start
                )
            )
            start += len(text) - (20 if position == 1 else 0)
    return chunks


def write_small_corpus(folder: Path) -> Path:
    """Sixteen manuals as Markdown, plain text, reStructuredText, HTML and JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, name in enumerate(MACHINES):
        stem, parts = name.replace(" ", "-"), sections(name, number)
        title = f"Manual of the {name}"
        if number % 5 == 0:
            lines.append(
                json.dumps({"_id": stem, "title": title, "text": "\n\n".join(text for _, text in parts)})
            )
        elif number % 5 == 1:
            body = "".join(f"<h2>{heading}</h2><p>{text}</p>" for heading, text in parts)
            page = f"<html><head><title>{title}</title></head><body><nav>Home</nav>{body}</body></html>"
            (folder / f"{stem}.html").write_text(page, encoding="utf-8")
        elif number % 5 == 2:
            body = "".join(f"{heading}\n{'-' * len(heading)}\n\n{text}\n\n" for heading, text in parts)
            (folder / f"{stem}.rst").write_text(f"{title}\n{'=' * len(title)}\n\n{body}", encoding="utf-8")
        elif number % 5 == 3:
            (folder / f"{stem}.txt").write_text(
                "\n\n".join(text for _, text in parts) + "\n", encoding="utf-8"
            )
        else:
            body = "".join(f"## {heading}\n\n{text}\n\n" for heading, text in parts)
            front = f"---\ntitle: {title}\nlicence: CC-BY-4.0\n---\n\n"
            (folder / f"{stem}.md").write_text(front + body, encoding="utf-8")
    (folder / "more.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
