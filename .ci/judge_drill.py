"""Says whether a drill's JSON report is what CI wants: done, and nothing lost where nothing may be lost."""

import json
import sys
from pathlib import Path

NOTHING_LOST = {"survivor", "majority-intact"}

path, flavour, variant = sys.argv[1:]
report = json.loads(Path(path).read_text(encoding="utf-8"))
acknowledged, lost = report["writes_acknowledged"], report["writes_lost"]
print(f"{flavour} {variant}: done {report['done']}, {acknowledged} writes acknowledged, {lost} lost")
for objective in report["objectives"]:
    print(f"  {objective}")
wrong = not report["done"] or acknowledged < 1 or report["flavour"] != flavour
sys.exit(wrong or (variant in NOTHING_LOST and lost != 0))
