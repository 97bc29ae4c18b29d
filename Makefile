# The project's commands; `make help` lists them. Recipes are one line: the logic is in hacking/ and tests/lab/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Playbooks run from the copy of this tree under build/, with the pinned ansible-core of build/venv.
export PATH := $(CURDIR)/build/venv/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build
export ANSIBLE_HOME := $(CURDIR)/build/ansible-home
export LC_ALL := C.UTF-8
# Tools that ask git which files there are must not learn in the copy that all of build/ is ignored: they'd check nothing.
export GIT_CEILING_DIRECTORIES := $(CURDIR)/build
export SCENARIO CORE
unexport PYTHONPATH PYTHONHOME

HOSTS ?= 3
RUNS ?= 150
LAB := /usr/bin/python3 tests/lab/lab.py
BENCH_DIR ?= ../shared/bench
DAYS ?= 1,2

help:           ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup:          ## install what developers' commands need (all call it)
	@hacking/setup.sh dev

setup-run:      ## install only what playbooks and the demo need
	@hacking/setup.sh run

collection:     ## refresh the copy under build/ansible_collections
	@/usr/bin/python3 hacking/collection.py

demo: setup-run collection  ## bring up the lab and empty one of its hosts, live
	@hacking/demo.sh

test: setup collection  ## every test; ends with `N passed, N failed`
	@hacking/test.sh

test-unit: setup collection  ## unit tests, the pure rooms without Ansible
	@hacking/test-unit.sh

test-properties: setup  ## the planner on thousands of random fleets [RUNS=150]
	@hacking/test-properties.sh "$(RUNS)"

test-sanity: setup collection  ## ansible-test sanity on several ansible-cores [CORE=2.18]
	@hacking/test-sanity.sh

lint: setup collection  ## ruff, mypy, yamllint, ansible-lint
	@hacking/lint.sh

docs: setup collection  ## check the documentation, build the site
	@hacking/docs.sh

package: setup collection  ## build the artifact and import it as Galaxy does
	@hacking/package.sh

test-lab: setup collection  ## end-to-end scenarios [SCENARIO=name]
	@hacking/test-lab.sh

lab-up:         ## bring up the lab [HOSTS=3]
	@$(LAB) packages
	@$(LAB) up --hosts "$(HOSTS)"

lab-images:     ## make the host images of all profiles
	@$(LAB) packages
	@$(LAB) images

lab-down:       ## take the lab down
	@$(LAB) down

lab-status:     ## where each guest is, and whether it is well
	@$(LAB) status

bench: bench-evacuate bench-link bench-prediction bench-history bench-planner bench-energy  ## every benchmark

bench-evacuate: setup-run collection lab-up  ## evacuation against xargs and Ansible loops
	@build/venv/bin/python tests/bench/evacuate.py

bench-link: setup-run collection lab-up  ## evacuation over a link of 200 Mbit/s
	@build/venv/bin/python tests/bench/link.py

bench-prediction: setup-run collection lab-up  ## predicted seconds and bytes beside those of 21 real moves
	@build/venv/bin/python tests/bench/prediction.py

bench-history: setup-run  ## size and times of the history file of a large fleet
	@build/venv/bin/python tests/bench/history.py

bench-planner: setup-run collection  ## the planner beside its peers [BENCH_DIR=... ONLY=balance SIZES=10,20 SEEDS=2,3]
	@hacking/bench-planner.sh "$(BENCH_DIR)" --only "$(ONLY)" --sizes "$(SIZES)" --families "$(FAMILIES)" --seeds "$(SEEDS)"

bench-energy: setup-run collection  ## a public day of 1,052 guests on 800 hosts, simulated [BENCH_DIR=... DAYS=1,2]
	@hacking/bench-energy.sh "$(BENCH_DIR)" --days "$(DAYS)"

simulate: setup-run collection  ## what-if: a week of 40 guests on 8 hosts, with plot and figures in build/simulate
	@hacking/simulate.sh

clean: lab-down ## take the lab down and remove build/
	@rm -rf build

.PHONY: help setup setup-run collection demo test test-unit test-properties test-sanity lint docs package test-lab \
	lab-images lab-up lab-down lab-status bench bench-evacuate bench-link bench-prediction bench-history bench-planner \
	bench-energy simulate clean
