"""Measure everything, write ``bench/results.json`` and the tables of README.md and docs.

Usage: python -m bench [SECTION ...]   (sections: verify, engines, profiles, structures, bits, clock; all by default)

The data set is found as by ``lst-hw``; set LST_DATA_DIR to choose it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console

from . import measure, tables

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
DOCUMENTS = ("README.md", "docs/quantisation.md")
SECTIONS = {
    "verify": measure.verification,
    "engines": measure.engines,
    "profiles": measure.profiles,
    "structures": measure.structures,
    "bits": measure.bits,
    "clock": measure.clock,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"bench: unknown section {unknown[0]}: choose from {', '.join(SECTIONS)}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    console = Console(stderr=True)
    results["machine"] = measure.machine()
    for name in names or SECTIONS:
        with console.status(f"measuring {name}"):
            results[name] = SECTIONS[name]()
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    for document in DOCUMENTS:
        tables.rewrite(ROOT / document, results)


main(sys.argv[1:])
