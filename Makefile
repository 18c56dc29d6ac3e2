# edge-classifier. `make` lists the targets. Nothing needs activating: every target makes what it needs.
PYTHON ?= python3
REAL ?= ../shared/data/real
FOREIGN ?= ../shared/data/foreign_models
TRAIN_ARGS ?=
CONVERT_ARGS ?=
EVAL_ARGS ?=
BOARD_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=
# A board to deploy to, a kind of board to make a bundle for, a model other than the one that ships, extras.
# := for HOST: a variable of that name, which some shells set, is ignored.
HOST :=
TARGET ?=
MODEL ?=
EXTRAS ?=

VENV := .venv
OLD := .venv-tflite-runtime
MEDIAPIPE := .venv-mediapipe
RUN := $(VENV)/bin/python
PIP := $(VENV)/bin/pip --disable-pip-version-check -q
# A virtual environment belongs to one Python: PYTHON=... makes another.
IDENTITY := $(shell $(PYTHON) -c 'import sys; print(sys.version_info[:3], sys.base_prefix)' 2>/dev/null)
# tflite-runtime 2.14, the last, has wheels for CPython 3.11 and older on Linux.
HAS_OLD := $(shell $(PYTHON) -c 'import sys; print("yes" if sys.version_info < (3, 12) and sys.platform == "linux" else "")' 2>/dev/null)

.DEFAULT_GOAL := help

.PHONY: help demo train convert report ship test lint test-all test-old test-mediapipe docs soak fuzz test-camera test-device bundle deploy \
  rollback bench bench-model leaderboard candidates eval-real eval-foreign eval-robust clean FORCE

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/core ## Classify the sample pictures with the model that ships
	@$(RUN) -m runtime.classify samples

train: $(VENV)/train ## Train a model into artifacts/ (TRAIN_ARGS="--model cnn --epochs 30")
	$(RUN) -m train $(TRAIN_ARGS)

convert: $(VENV)/train ## Make artifacts/model.tflite and prove it equal (CONVERT_ARGS="--quantization int8")
	$(RUN) -m convert $(CONVERT_ARGS)

report: $(VENV)/train ## All quantizations of artifacts/model.keras compared; pictures of its training in artifacts/report.html
	$(RUN) -m convert.compare
	$(RUN) -m train.report

ship: $(VENV)/train ## Make artifacts/model.tflite the model that ships
	cp artifacts/model.tflite runtime/models/digits.tflite
	$(RUN) -c "from train.quiet import import_tensorflow as tf; tf(); import keras; \
	  keras.models.load_model('artifacts/model.keras', compile=False).save('train/digits.keras')"
	$(RUN) -m samples.sheet

test: lint test-all test-old ## lint, all tests, and the runtime tests again with tflite-runtime

lint: $(VENV)/dev ## Style, format, types and spelling: what every commit has to pass
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/codespell

test-all: $(VENV)/dev
	$(RUN) -m pytest tests

ifeq ($(HAS_OLD),yes)
test-old: $(OLD)/ready
	$(OLD)/bin/python -m pytest tests/runtime
else
test-old:
	@echo "runtime tests with tflite-runtime 2.14: NOT RUN, it has no wheels for $$($(PYTHON) --version)"
endif

test-mediapipe: $(VENV)/dev $(MEDIAPIPE)/ready ## MediaPipe Tasks' image classifier on our .tflite: the same answers
	$(RUN) -m pytest tests/convert/test_metadata.py

docs: $(VENV)/docs ## Build the documentation site, strictly, into build/site
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	@echo "build/site/index.html"

soak: $(VENV)/core ## 200,000 frames, and a stream killed 100 times while the clock jumps: memory and threads stay as they are
	$(RUN) -m tests.camera.soak
	$(RUN) -m tests.camera.stream_soak

fuzz: $(VENV)/dev ## Models, cards, pictures, streams, texts and URLs damaged by machine (FUZZ_ARGS="--share 0.1")
	$(RUN) -m tests.fuzz $(FUZZ_ARGS)

test-camera: $(VENV)/dev ## Real camera nodes in a virtual machine, a real window under Xvfb (root, Debian 12, x86-64)
	tests/camera/vm.sh $(RUN)
	tests/camera/window.sh $(PYTHON)

test-device: $(VENV)/device ## Emulated Raspberry Pis: install, deploy, run, compare with this machine (root, Debian, x86-64)
	tests/device/run.sh $(RUN)

SENT = $(if $(MODEL),--model "$(MODEL)") $(if $(EXTRAS),--extras "$(EXTRAS)")

bundle: $(VENV)/deploy ## Everything for a board in one archive, no network needed there (TARGET=aarch64-py311)
	@$(RUN) -m deploy bundle "$(TARGET)" $(SENT)

deploy: $(VENV)/deploy ## Put the runtime on a board and start it (HOST=pi@raspberrypi.local MODEL=artifacts/model.tflite)
	@$(RUN) -m deploy push "$(HOST)" $(SENT)

rollback: $(VENV)/deploy ## Go back to the version that the board ran before (HOST=pi@raspberrypi.local)
	@$(RUN) -m deploy rollback "$(HOST)"

bench: $(VENV)/core ## Time a start against a bare script, and preprocessing against decoding a JPEG, the camera's loop
	$(RUN) -m benchmarks.startup
	$(RUN) -m benchmarks.preprocess_speed
	$(RUN) -m benchmarks.camera_loop

bench-model: $(VENV)/peers ## Time the model beside ONNX Runtime's int8 of the same network (MNIST_NPZ=mnist.npz)
	$(RUN) -m benchmarks.onnx_peer $(BENCH_ARGS)

leaderboard: $(VENV)/train ## Train, convert and measure every model, into docs/explanation/models.md (BOARD_ARGS="--seeds 0,1,2")
	$(RUN) -m benchmarks.leaderboard --page $(if $(wildcard $(REAL)),--real $(REAL)) $(BOARD_ARGS)

candidates: $(VENV)/train ## Train candidate networks for a few epochs and time them, into docs/explanation/models.md
	$(RUN) -m benchmarks.architectures --page $(BENCH_ARGS)

eval-real: $(VENV)/core ## Measure on a folder of real pictures (REAL=folder EVAL_ARGS="--sheet out")
	$(RUN) -m benchmarks.real_pictures $(REAL) $(EVAL_ARGS)

eval-foreign: $(VENV)/core ## Run models of others against their manifest (FOREIGN=folder)
	$(RUN) -m benchmarks.foreign_models $(FOREIGN)

eval-robust: $(VENV)/train ## Measure on MNIST-C's corruptions and the calibration (MNIST_NPZ=mnist.npz)
	$(RUN) -m benchmarks.robustness $(EVAL_ARGS)

clean: ## Remove environments, artifacts and caches
	rm -rf $(VENV) $(OLD) $(MEDIAPIPE) artifacts build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is rewritten only where the Python changed; a changed stamp makes the environment anew.
$(VENV)/python-identity: FORCE
	@$(PYTHON) -c 'import sys; sys.exit("error: expected Python 3.10 or newer; received " + sys.version.split()[0] + ". Name another: make PYTHON=python3.11" if sys.version_info < (3, 10) else 0)'
	@if [ "$$(cat $@ 2>/dev/null)" != "$(IDENTITY)" ]; then \
	  rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && $(PIP) install 'pip>=25.1' && echo "$(IDENTITY)" > $@; fi

$(VENV)/core: $(VENV)/python-identity pyproject.toml
	@echo "setting up $(VENV) (once, and again when pyproject.toml changes)" >&2
	@$(PIP) install -e .
	@touch $@

$(VENV)/train: $(VENV)/core
	@echo "adding TensorFlow to $(VENV), about a minute" >&2
	@$(PIP) install --group train
	@touch $@

# An environment of its own: it brings another OpenCV.
$(MEDIAPIPE)/ready: $(VENV)/python-identity
	@rm -rf $(MEDIAPIPE) && $(PYTHON) -m venv $(MEDIAPIPE) && $(MEDIAPIPE)/bin/pip -q install mediapipe
	@touch $@

$(VENV)/docs: $(VENV)/core
	@$(PIP) install --group docs
	@touch $@

$(VENV)/peers: $(VENV)/train
	@$(PIP) install --group peers
	@touch $@

$(VENV)/deploy: $(VENV)/core
	@$(PIP) install --group deploy
	@touch $@

$(VENV)/device: $(VENV)/core
	@$(PIP) install --group device
	@touch $@

$(VENV)/dev: $(VENV)/train
	@$(PIP) install --group dev
	@touch $@

# LiteRT and tflite-runtime do not share a numpy: an environment of its own, without this project in it.
$(OLD)/ready: $(VENV)/python-identity pyproject.toml
	@rm -rf $(OLD) && $(PYTHON) -m venv $(OLD)
	@$(OLD)/bin/pip --disable-pip-version-check -q install tflite-runtime==2.14.0 'numpy<2' opencv-python-headless==4.10.0.84 'pytest>=8' 'pillow>=10' 'paho-mqtt>=2'
	@touch $@

FORCE:
