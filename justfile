# Every task is one line; `just` lists them, and each can be typed without it.

# Make the virtual environment with everything that the checks need.
setup:
    python3 -m venv .venv && .venv/bin/pip install -q -c .ci/constraints.txt -e '.[dev]'

# Run the tests; `just test tests/rules -x` for some of them.
test *WORDS:
    .venv/bin/python -m pytest -n auto {{WORDS}}

# Lint, format check, types and the import contract.
check:
    .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports

# Put the code into its format, and make the fixes that the linter is sure of.
format:
    .venv/bin/ruff check --fix -q . ; .venv/bin/ruff format -q .

# Everything that CI runs.
ci:
    .ci/run

# Measure: `just measure --only validate`.
measure *WORDS:
    .venv/bin/python tests/benchmarks/run.py {{WORDS}}

# Write the generated pages anew: the table of attacks in docs/trust.md, and docs/codes.md.
docs:
    .venv/bin/python -m tests.attacks.table && .venv/bin/python -c 'from pmctl.codes import page; print(page(), end="")' > docs/codes.md

# Build what a release uploads.
build:
    .venv/bin/pip install -q build && .venv/bin/python -m build
