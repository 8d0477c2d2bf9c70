"""Each sample becomes the draft that stands beside it.

REGENERATE_GOLDEN=1 writes the drafts anew; read them before you keep them.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from resolvers.importers import registry
from tests.resolvers.importers.vectorbt_engine.readable import spell

SAMPLES = Path(__file__).parents[3] / "samples" / "vectorbt_engine"
DOCUMENTS = sorted(path for path in SAMPLES.glob("*.json") if ".expected" not in path.name)
EXTRACT = {
    "BACKTEST": registry.extract_backtest,
    "OPTIMIZATION": registry.extract_optimization,
    "WALK_FORWARD": registry.extract_walk_forward,
}


def test_there_are_samples_of_every_kind() -> None:
    found = [registry.identify(json.loads(path.read_text(encoding="utf-8"))) for path in DOCUMENTS]
    assert {kind for identified in found if identified for kind in identified[1:]} == set(EXTRACT)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_sample_becomes_the_draft_beside_it(path: Path) -> None:
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    identified = registry.identify(document)
    assert identified is not None
    draft = EXTRACT[identified[1]](document)
    found = json.dumps(spell(draft), indent=2, ensure_ascii=False) + "\n"
    golden = path.with_suffix(".expected.json")
    if os.environ.get("REGENERATE_GOLDEN"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")
