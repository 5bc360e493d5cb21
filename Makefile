# The whole contract: `make help` lists it.
# Needs Debian 13 (or alike) with git, make, Python and root or sudo; everything else it installs when missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# QGIS has one Python; another python3 may come first on PATH and know no qgis.
PYTHON  ?= /usr/bin/python3
VENV    := .venv
PY      := $(VENV)/bin/python
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT     := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -q -y
CHECKERS := $(abspath $(VENV))/bin
STAGE   := build/raw_qgis_plugin
VERSION  = $(shell sed -n 's/^version=//p' metadata.txt)
ZIP      = build/raw_qgis_plugin-$(VERSION).zip
PROFILE ?= $(HOME)/.local/share/QGIS/QGIS3/profiles/default
RUNTIME := $(if $(shell command -v nvidia-smi),cuda,runtime)

.PHONY: help setup demo check test test-plain test-qgis test-qt6 backports test-newest api lint fuzz bench pictures docs build i18n lock matrix sbom package release install clean system-python system-qgis
help:
	@sed -n 's/^## //p' Makefile

# ---- what has to be on the machine -------------------------------------------------------------------------------

define apt
{ echo "installing with apt: $(1)"; $(APT) update >/dev/null; $(APT) install --no-install-recommends $(1) >/dev/null; }
endef

# Debian's NumPy and pyproj come before the venv, so that the venv uses them and pip brings no second copy for QGIS.
system-python:
	@$(PYTHON) -c 'import ensurepip, numpy, pyproj' 2>/dev/null \
	  || $(call apt,python3-venv python3-numpy python3-pyproj)

system-qgis:
	@{ command -v qgis && command -v qgis_process && command -v xvfb-run && command -v ip && $(PYTHON) -c 'import qgis.core'; } \
	  >/dev/null 2>&1 || $(call apt,qgis python3-qgis python3-venv xvfb xauth iproute2)

$(PY): | system-python
	$(PYTHON) -m venv --system-site-packages $(VENV)

# pip before 25.1 reads no dependency groups, so the installer in QGIS gets them as requirement files.
define WRITE_REQUIREMENTS
import pathlib, sys, tomllib
groups = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
lines = lambda group: [l for i in groups[group] for l in ([i] if isinstance(i, str) else lines(i["include-group"]))]
folder = pathlib.Path(sys.argv[1]); folder.mkdir(exist_ok=True)
for group in sys.argv[2:]:
    (folder / f"{group}.txt").write_text("\n".join(lines(group)) + "\n", encoding="utf-8")
endef
export WRITE_REQUIREMENTS

# The versions and sums of resources/locks; LOCKED=no takes the newest that fit pyproject.toml, unchecked.
LOCKED := yes
# One stamp a dependency group: nothing is asked of the network while pyproject.toml and the lock stay as they are. The
# system's pyproj looks for its data under sys.prefix, which in a venv is the venv: hence the link.
LIST_HELD := from importlib.metadata import version as v; print(*(f"{p}=={v(p)}" for p in ("numpy", "pyproj")), sep="\n")
PROJ_DATA := import pyproj; print(pyproj.datadir.get_data_dir())
$(VENV)/.installed-%: pyproject.toml $(wildcard resources/locks/*.lock) | $(PY)
	@$(PYTHON) -c '$(LIST_HELD)' > $(VENV)/held-by-system.txt
	@mkdir -p $(VENV)/share && ln -sfn "$$($(PYTHON) -c '$(PROJ_DATA)')" $(VENV)/share/proj
	@$(PYTHON) -c "$$WRITE_REQUIREMENTS" $(VENV)/requirements $*
	@[ $(LOCKED) = no ] || $(PY) -m raw_qgis_plugin.environment.locks resources/locks $* > $(VENV)/locked-$*.txt
	$(PY) -m pip install --quiet --constraint $(VENV)/held-by-system.txt \
	  $(if $(filter no,$(LOCKED)),--group $*,--only-binary :all: --require-hashes --requirement $(VENV)/locked-$*.txt)
	@touch $@

INSTALLED_RUN   := $(VENV)/.installed-$(RUNTIME)
INSTALLED_CHECK := $(INSTALLED_RUN) $(VENV)/.installed-dev
INSTALLED_ALL   := $(INSTALLED_CHECK) $(VENV)/.installed-train $(VENV)/.installed-synthetic $(VENV)/.installed-scale

## make setup      install everything that demo, test and training need
setup: system-qgis $(INSTALLED_ALL)

# ---- the plugin ---------------------------------------------------------------------------------------------------

SOURCES := $(shell find raw_qgis_plugin model resources metadata.txt LICENSE -not -path '*/__pycache__*' 2>/dev/null)

build/.staged: $(SOURCES) Makefile pyproject.toml
	@mkdir -p build && rm -rf build/.new && mkdir build/.new
	@tar -c --mode=u+rwX,go+rX --exclude=__pycache__ --exclude='*.pyc' --exclude='*.gpkg-*' -C raw_qgis_plugin . | tar -x -C build/.new
	@tar -c --mode=u+rwX,go+rX --exclude=__pycache__ --exclude='*.pyc' --exclude='*.gpkg-*' model resources metadata.txt LICENSE | tar -x -C build/.new
	@$(PYTHON) -c "$$WRITE_REQUIREMENTS" build/.new/requirements runtime cuda train
	@for lock in numpy1.lock numpy2.lock; do for group in runtime cuda train; do \
	  grep " # .*\b$$group\b" resources/locks/$$lock > build/.new/requirements/$$group-$$lock; done; done
	@rm -rf $(STAGE) && mv build/.new $(STAGE) && touch $@
	@echo "staged $(STAGE)"

## make build      stage the installable plugin in build/raw_qgis_plugin
build: build/.staged
	@find $(STAGE) -name __pycache__ -type d -prune -exec rm -rf {} + || true  # QGIS may be writing there

## make i18n       collect what is to be translated into resources/i18n/*.ts, and compile what is
i18n:
	@command -v lrelease >/dev/null || $(call apt,qttools5-dev-tools)
	@$(PYTHON) resources/i18n/update.py
	@lrelease -silent resources/i18n/raw_*.ts

## make lock       resolve the dependencies anew: versions, sums and licences (minutes, asks the package index)
lock: $(INSTALLED_CHECK)
	@$(PY) -m pip install --quiet --upgrade --target build/uv uv
	@PATH="$(CURDIR)/build/uv/bin:$$PATH" $(PY) docs/scripts/dependencies.py lock
	@$(PY) docs/scripts/dependencies.py page

## make matrix     which locked wheels each system, Python and QGIS would get, with megabytes (asks the package index)
matrix: $(INSTALLED_CHECK)
	@$(PY) docs/scripts/matrix.py

## make sbom       write the bill of materials of what the plugin installs, as CycloneDX
sbom: | build
	@$(PYTHON) docs/scripts/dependencies.py sbom build/raw_qgis_plugin.cdx.json
	@echo build/raw_qgis_plugin.cdx.json

# The rules of the plugin repository, on the files as it unpacks them: all of Bandit's and of detect-secrets', and those of
# flake8's that it turns on. Nothing of this repository is read: no exclusion of ours holds there.
FLAKE8 := E101,E711,E712,E713,E714,E721,E722,E731,E741,E742,E743,E9,W605,F402,F403,F404,F405,F811,F82,F831,F901,C901
## make package    zip it for the plugin repository, and check it by that repository's rules
package: build $(INSTALLED_CHECK)
	@rm -rf $(ZIP) build/unzipped
	@$(PYTHON) -m zipfile -c $(ZIP) $(STAGE)
	@$(PYTHON) -m zipfile -e $(ZIP) build/unzipped
	@cd build/unzipped && $(CHECKERS)/bandit --quiet -r .
	@cd build/unzipped && $(CHECKERS)/flake8 --isolated --max-line-length=120 --select=$(FLAKE8) .
	@cd build/unzipped && found=$$($(CHECKERS)/detect-secrets scan --all-files --exclude-files 'metadata\.txt' . | \
	  $(PYTHON) -c 'import json, sys; print(*json.load(sys.stdin)["results"])') && \
	  { [ -z "$$found" ] || { echo "secrets in: $$found" >&2; exit 1; }; }
	@size=$$(stat -c %s $(ZIP)); echo "$(ZIP): $$((size / 1024)) KiB"; \
	  [ $$size -lt $$((25 * 1024 * 1024)) ] || { echo "over the plugin repository's 25 MB" >&2; exit 1; }

## make release    all checks, then the zip, its SHA-256 sum and bill of materials in build/release, and a tag for git
release: lint test package sbom
	@rm -rf build/release && mkdir -p build/release && cp $(ZIP) build/raw_qgis_plugin.cdx.json build/release
	@cd build/release && sha256sum * > SHA256SUMS && cat SHA256SUMS
	@grep -q "^## $(VERSION)" CHANGELOG.md || { echo "CHANGELOG.md has no section $(VERSION)" >&2; exit 1; }
	@git diff --quiet HEAD || { echo "commit first: the tag is of a commit" >&2; exit 1; }
	git tag --annotate v$(VERSION) --message "RAW for QGIS $(VERSION)"

## make install    copy the stage into a QGIS profile: PROFILE=…/profiles/NAME (default: your own default profile)
install: build
	@mkdir -p "$(PROFILE)/python/plugins"
	@rm -rf "$(PROFILE)/python/plugins/raw_qgis_plugin"
	@cp -R $(STAGE) "$(PROFILE)/python/plugins/"
	@echo "installed in $(PROFILE)/python/plugins/raw_qgis_plugin"
	@options=; case "$(abspath $(PROFILE))" in \
	"$(HOME)/.local/share/QGIS/QGIS3/profiles/default") ;; \
	*/profiles/*) options=" --profiles-path $(abspath $(PROFILE)/../..) --profile $(notdir $(PROFILE))" ;; \
	*) echo "QGIS opens no profile outside a folder 'profiles': use PROFILE=$(abspath $(PROFILE))/profiles/default" ;; \
	esac; \
	echo "start QGIS with: PYTHONPATH=$$(echo "$(CURDIR)"/$(VENV)/lib/python3.*/site-packages) qgis$$options"

## make demo       profile, score and forecast the sample in QGIS; maps in build/demo
demo: system-qgis $(INSTALLED_RUN) build
	@PYTHONPATH=build:tests $(call ALONE,demo) $(PY) tests/demo/run.py

# ---- checks -------------------------------------------------------------------------------------------------------

# pytest-qgis imports QGIS as soon as pytest starts; only the runs that need it let it in.
PYTEST       := $(PY) -m pytest
PYTEST_PLAIN := $(PYTEST) -p no:pytest_qgis
# A file of tests is one process's, a nano network one thread's: more of either wait for each other.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile
OTHER_CORES   = -n $(shell n=$$(nproc); echo $$((n > 4 ? 4 : n > 2 ? n - 1 : 1))) --dist loadfile
IN_QGIS      := QT_QPA_PLATFORM=offscreen $(PYTEST)
ON_SCREEN    := xvfb-run -a -s "-screen 0 1600x1000x24" $(PYTEST)

# Where the machine allows network namespaces, demo and tests run beside a stand-in for the whole network, and fail when
# they call anybody but their own machine. The word after `call` names the report in build/network.
NAMESPACE = $(shell for each in -n -rn; do unshare $$each ip link set lo up 2>/dev/null && { echo unshare $$each; break; }; done)
ALONE = $(if $(NAMESPACE),$(NAMESPACE) $(PYTHON) tests/netwatch.py standin build/network/$(1).json)

## make check      core tests, ruff, mypy on the core: no torch, no QGIS, under a minute
check: $(INSTALLED_CHECK)
	$(PY) -m ruff check .
	$(PY) -m mypy raw_qgis_plugin/core
	OMP_NUM_THREADS=1 $(PYTEST_PLAIN) -q $(SIDE_BY_SIDE) $(wildcard tests/golden tests/core tests/test_*.py)

## make test       every test but the pictures: core, model, QGIS on Qt 5 and 6, desktop QGIS under Xvfb, package
test: setup package
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line test-plain test-qgis test-qt6

# Beside each other: one process in QGIS, the others without it. What a line prints comes when it has ended.
test-plain test-qgis test-qt6: export OMP_NUM_THREADS = 1
test-plain:
	$(call ALONE,tests) $(PYTEST_PLAIN) $(OTHER_CORES) $(wildcard tests/golden tests/attacks tests/core tests/model tests/package tests/test_*.py)

test-qgis:
	$(call ALONE,qgis) env $(IN_QGIS) tests/qgis
	$(call ALONE,gui) $(ON_SCREEN) tests/gui --ignore tests/gui/test_pictures.py

# A QGIS on Qt 6, as QGIS 4 is, that somebody built (docs/scripts/qgis_qt6.sh), with the packages of Debian that it needs.
QGIS6 ?= $(abspath ../shared/qgis6)/run.sh
QT6_PACKAGES := python3-pyqt6 $(addprefix python3-pyqt6,.qsci .qtsvg .qtpositioning .qtmultimedia .qtserialport .sip) \
  $(addprefix libqt6,sql6-sqlite keychain1 core5compat6 uitools6 quickwidgets6 multimediawidgets6) \
  qt6-svg-plugins libqca-qt6-2 libqca-qt6-plugins libqscintilla2-qt6-15
## make test-qt6   tests/qgis in a QGIS on Qt 6: QGIS6=FOLDER/run of docs/scripts/qgis_qt6.sh
test-qt6: $(INSTALLED_CHECK) build
	@if [ ! -x $(QGIS6) ]; then echo "test-qt6 is skipped: there is no QGIS on Qt 6 in $(dir $(QGIS6))"; \
	elif ! dpkg -s $(QT6_PACKAGES) >/dev/null 2>&1 && ! $(call apt,$(QT6_PACKAGES)); then \
	  echo "test-qt6 is skipped: apt cannot install $(QT6_PACKAGES)"; \
	elif ! $(QGIS6) $(PY) -c 'import qgis.core'; then echo "test-qt6 is skipped: the QGIS in $(dir $(QGIS6)) is for another Python"; \
	else $(call ALONE,qt6) $(QGIS6) $(PYTEST) tests/qgis; fi

## make backports  the tests of the plugin on the QGIS of Debian's backports, in build/backports (root; a quarter of an hour)
backports:
	$(SUDO) tests/systems/chroot.sh backports make setup build
	$(SUDO) tests/systems/chroot.sh backports env QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 $(PYTEST) -q tests/qgis

## make test-newest  demo and tests on Debian's newest QGIS, Python, NumPy and GDAL, in build/sid (root; an hour)
test-newest:
	$(SUDO) tests/systems/chroot.sh sid make demo
	$(SUDO) tests/systems/chroot.sh sid make test

## make api        our calls that QGIS 4 and Qt 6 removed or deprecated, and findings of qgis-plugin-analyzer
api: package
	@$(PY) -m pip install --quiet --upgrade --target build/checkers flake8-qgis qgis-plugin-analyzer
	@PYTHONPATH=build/checkers QT_QPA_PLATFORM=offscreen $(PY) docs/scripts/api.py build/unzipped/raw_qgis_plugin

## make lint       ruff, mypy, bandit, detect-secrets: what the plugin repository checks, and more
lint: $(INSTALLED_CHECK)
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m bandit -q -r raw_qgis_plugin model
	git ls-files -z | xargs -0 $(VENV)/bin/detect-secrets-hook

## make fuzz       the attacks of tests/attacks with many more cases (half an hour)
fuzz: setup build
	RAW_FUZZ=1 OMP_NUM_THREADS=1 $(call ALONE,fuzz) $(PYTEST_PLAIN) $(SIDE_BY_SIDE) tests/attacks
	RAW_FUZZ=1 $(IN_QGIS) $(wildcard tests/qgis/test_attack*.py)

## make bench      measure speed and memory against the limits we set ourselves
bench: $(INSTALLED_ALL)
	$(PYTEST_PLAIN) -s tests/bench

## make pictures   take the pictures of README and guide anew, in the desktop QGIS
pictures: setup build
	RAW_PICTURES_TO=docs/guide $(ON_SCREEN) tests/gui/test_pictures.py

## make docs       write the generated pages of docs/reference and the drawings of docs anew
docs: setup build
	$(PY) docs/scripts/architecture.py
	$(PY) docs/scripts/figures.py
	PYTHONPATH=. $(PY) docs/scripts/reference.py commands
	PYTHONPATH=build QT_QPA_PLATFORM=offscreen $(PY) docs/scripts/reference.py algorithms

## make clean      remove what the other targets built (the environment in .venv stays)
clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find raw_qgis_plugin model tests resources -name __pycache__ -type d -prune -exec rm -rf {} +
