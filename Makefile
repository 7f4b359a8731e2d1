# The environment lives in .venv; constraints.txt pins every package in it.
PYTHON ?= python3
# A machine without GPU that would otherwise get torch's CUDA build: make install TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
BIN := .venv/bin
EXTRAS := train,documents,llm,serve,onnx,index,mcp,privacy,registry

.PHONY: install demo test check bench clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "idiolect needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install -q -c constraints.txt --index-url $(TORCH_INDEX) torch)
	$(BIN)/pip install -q -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install -q -c constraints.txt -e '.[$(EXTRAS),postgres,qdrant,clients,signing,otel,dev]'
	touch $@

# Exit code 3 says that the gate kept the base model: an honest end, not a failure.
demo: install
	$(BIN)/python examples/stdlib/documents.py demo-work/documents
	$(BIN)/idiolect run demo-work/documents -w demo-work/work -c examples/stdlib/idiolect.toml || test $$? -eq 3

test: .venv/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not timed"
	$(BIN)/python -m pytest -m timed

check: .venv/installed-dev
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/ruff check src tests bench examples
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-dev
	$(BIN)/python bench/train.py

clean:
	rm -rf .venv demo-work build dist
