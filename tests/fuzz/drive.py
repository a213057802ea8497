"""Run one target under atheris: python tests/fuzz/fuzz_document.py [-max_total_time=180] [CORPUS_FOLDER ...]

atheris (a coverage-guided fuzzer) is installed by hand; options are libFuzzer's. Without a folder the seeds are taken.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

LARGEST = 65536  # bytes of one input; larger ones are a test of their own
SECONDS = 5.0  # for one input, with instrumentation


def drive(name: str) -> None:
    """Fuzz the target `name` until libFuzzer is told to stop or something is found."""
    import atheris

    with atheris.instrument_imports(include=["pmctl"]):
        from tests.fuzz.targets import TARGETS, time_limit
    from tests.fuzz.seeds import seeds

    def one_input(data: bytes) -> None:
        with time_limit(SECONDS):
            TARGETS[name](data)

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            (Path(folder) / str(number)).write_bytes(seed)
        given = [word for word in sys.argv[1:] if not word.startswith("-")]
        options = [word for word in sys.argv if word.startswith("-")]
        atheris.Setup([sys.argv[0], f"-max_len={LARGEST}", "-rss_limit_mb=1024", *options, *given, folder], one_input)
        atheris.Fuzz()
