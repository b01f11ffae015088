# make lab: set up and open the series. make test: set up and check everything. The rest: make help
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/ready
# Jupyter asks for this word in containers, where everybody is root
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# Photographs up to 70 MB for the studio's upload button; without it the server drops what is over 10 MB, in silence
UPLOADS := --ServerApp.tornado_settings='{"websocket_max_message_size": 104857600}'
# Threads that wait for work spin a little, then sleep. By default they spin on, and beside a browser or another kernel
# on two cores a small step takes ten times as long or more
export GOMP_SPINCOUNT ?= 20000
# make CPU=1 lab: on Linux, PyTorch without the libraries for NVIDIA cards. It has to be the first command.
CPU ?=
# Tests are spread over processes by the file: a file's tests share what they have set up. Three processes keep two
# cores busy, because tests with a browser mostly wait.
JOBS ?= 3
SPREAD := -n $(JOBS) --dist loadscope --no-loadscope-reorder

.PHONY: help setup lab studio test lint browser campaign mutants run notebooks site slides frames \
	weights painter pictures gallery bench room \
	student grade colab offline clean

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: $(READY)  ## a virtual environment in .venv with everything in it

$(READY): requirements.txt pyproject.toml setup.py
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10) and 'Python 3.10 or newer is needed; ' \
	+ 'this is ' + sys.version.split()[0] + '. Name another one: make PYTHON=python3.12 lab')"
	$(PYTHON) -m venv $(VENV)
	@echo "Installing (the first time this fetches several GB and takes some minutes) ..."
	@$(BIN)/python tools/install.py $(if $(CPU),--cpu) -r requirements.txt
	@touch $(READY)

# The pages' texts and stored pictures were made with the embedded weights; NST_WEIGHTS=imagenet asks for the others
lab studio: export NST_WEIGHTS ?= embedded

lab: $(READY)    ## open the series in JupyterLab
	$(BIN)/python -m jupyter lab $(AS_ROOT) $(UPLOADS) --ServerApp.root_dir=. notebooks/00_one_minute_tour.ipynb

studio: $(READY) ## only the studio: drop a photo, click a painting
	$(BIN)/python -m jupyter lab $(AS_ROOT) $(UPLOADS) --ServerApp.root_dir=. notebooks/studio.ipynb

test: $(READY)   ## lints, unit tests with coverage, every notebook, what moves in a real browser; on JOBS=3 processes
	$(BIN)/python -m pytest $(SPREAD) -rs --cov --cov-report=term --cov-fail-under=85

lint: $(READY)   ## ruff and the import rules; they are part of the tests too
	$(BIN)/python tools/lint.py

browser: $(READY)  ## only the browser tests; screenshots and answer times in build/browser
	$(BIN)/python -m pytest tests/test_browser.py tests/test_browser_studio.py -rs

campaign: $(READY)  ## everything that may go wrong, thousands of times; writes benchmarks/RELIABILITY.md (10 minutes)
	$(BIN)/python benchmarks/campaign.py

mutants: $(READY)  ## plant small faults in the modules that guard: do the tests notice? (hours; see benchmarks/MUTANTS.md)
	$(BIN)/python benchmarks/mutants.py

run: $(READY)    ## execute the whole series without a screen; results in build/
	$(BIN)/python tools/run_notebooks.py

notebooks: $(READY)  ## re-execute the committed notebooks in place
	$(BIN)/python tools/run_notebooks.py --in-place

site: $(READY)   ## the series as web pages that need no Jupyter and no network: build/site/index.html
	$(BIN)/python tools/make_site.py

slides: $(READY)  ## a deck of slides for every notebook: build/slides/index.html
	$(BIN)/python tools/make_slides.py

frames: $(READY)  ## what sliders show on the site and on slides; both compute it themselves if it is missing
	$(BIN)/python tools/frames.py

weights: $(READY)  ## learn the embedded VGG-19 anew (notebook 8)
	$(BIN)/python -m nst_helpers.learning

painter: $(READY)  ## learn the painter that ships anew (notebook 10; an hour)
	$(BIN)/python tools/make_painter.py

pictures: $(READY)  ## draw the paintings in images/ anew
	$(BIN)/python images/paint

gallery: $(READY)  ## paint the README's pictures anew: contact sheet, moving picture, comparisons
	$(BIN)/python tools/gallery.py

bench: $(READY)  ## measure speed and memory; writes benchmarks/RESULTS.md (40 minutes)
	env -u GOMP_SPINCOUNT $(BIN)/python benchmarks/bench.py

room: $(READY)   ## measure memory, and students who press Run at once on a hub; writes benchmarks/ROOM.md (15 minutes)
	$(BIN)/python benchmarks/room.py

student: $(READY)  ## the students' edition, without solutions and outputs, in build/student
	$(BIN)/python tools/classroom.py student

grade: $(READY)  ## grade hand-ins: make grade FOLDER=their_folder; table and pages in build/grades
	@test -n "$(FOLDER)" || { echo "Say where the hand-ins are: make grade FOLDER=their_folder"; exit 1; }
	$(BIN)/python tools/grade.py "$(FOLDER)"

colab: $(READY)  ## notebooks that open alone, in Colab and the like, and the wheel they need, in build/colab
	$(BIN)/python tools/colab.py

offline: $(READY)  ## one folder that installs without a network, in build/offline (several GB)
	$(BIN)/python tools/classroom.py offline

clean:           ## remove what was built, the environment too
	rm -rf $(VENV) build
