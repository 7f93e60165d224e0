# The same commands for people and for CI; everything behind them is in m3m_site/bootstrap.py.
# ARGS reach the command: make test ARGS="-k slug"
PYTHON := $(shell command -v python3 || command -v python3.12 || command -v python3.11 || echo python3)

.DEFAULT_GOAL := help
.PHONY: help run test lint fix bench docs lock venv clean

help:
	@$(PYTHON) m3m_site/bootstrap.py

run test lint fix bench docs lock venv:
	@$(PYTHON) m3m_site/bootstrap.py $@ $(ARGS)

clean:
	@rm -rf .venv node_modules static/dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
