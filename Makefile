.DEFAULT_GOAL := help

# `sh setup/bootstrap.sh environments` makes both environments when their lists have changed;
# `… setup` makes everything an assistant needs. Both are quick when nothing has changed.
SETUP := @sh setup/bootstrap.sh
PY := .venv/bin
RASA := OMP_NUM_THREADS=1 RASA_TELEMETRY_ENABLED=false SQLALCHEMY_SILENCE_UBER_WARNING=1 TF_CPP_MIN_LOG_LEVEL=2 PYTHONPATH=. .venv-rasa/bin
STATE := $(or $(STATE_DIR),var)
# Tests keep away from a running assistant: a state folder and a database of their own.
APART := STATE_DIR=.build/test-state DATABASE_URL= VECTOR_STORE=
# How many workers there are, and what each is given: tests/conftest.py.
SPREAD := -n auto --dist loadscope --no-loadscope-reorder

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: ## Make everything the assistant needs (run and test do it by themselves)
	$(SETUP) setup

run: ## Run the assistant; PORT=8080 HOST=127.0.0.1 STATE_DIR=var
	$(SETUP) run

upgrade: ## Back up, set up what is checked out, migrate, restart (docs/upgrading.md)
	$(SETUP) upgrade

downgrade: ## Take migrations back to TO=, after a backup (docs/upgrading.md)
	$(OPERATE) backup
	@$(PY)/python -m actions downgrade "$(TO)"

chat: ## Talk to the assistant in the terminal
	$(SETUP) chat

supply:
	$(SETUP) supply

audit: ## Advisories of the pinned packages that nobody has judged (exit 3: could not be asked)
	$(SETUP) audit

licences: ## What may be done with each package that is installed, in .build/licences.md
	$(SETUP) licences

sbom: ## What all this is made of, as CycloneDX in .build/sbom-*.json
	$(SETUP) sbom

lists: ## Write the hashed lists of packages anew, from what the pyproject.toml files ask for
	$(SETUP) lists

train: ## Train the language model when its domain, examples or pipeline changed
	$(SETUP) train

# What is said on make's own line (STATE_DIR=, DATABASE_URL=, BACKUP_KEY=) reaches the command.
NOT_YET := 还没有安装，请先执行 make setup。Nothing is installed yet: run make setup.
OPERATE := @test -x $(PY)/python || { echo "$(NOT_YET)" >&2; exit 1; }; $(PY)/python -m bot

backup: ## Back everything up while it runs; TO=folder KEEP=14 (docs/operating.md)
	$(OPERATE) backup $(if $(TO),--to "$(TO)") $(if $(KEEP),--keep "$(KEEP)")

restore: environments ## Bring a backup back into an empty STATE_DIR= and DATABASE_URL=; FILE=
	$(OPERATE) restore "$(FILE)"

doctor: ## Say what is wrong, and the mend
	$(OPERATE) doctor

check: lint types imports test ## Everything a commit must pass

environments:
	$(SETUP) environments

lint: environments ## Style
	$(PY)/ruff format --check . && $(PY)/ruff check .

types: environments ## Types
	$(PY)/mypy

imports: environments ## Who may import whom
	$(PY)/lint-imports

test: ready-to-test run-test-nlu ## All tests, Rasa's and the browser's included
	$(APART) $(PY)/pytest $(SPREAD) $(ARGS)

test-fast: environments ## Tests that start no Rasa and no browser
	$(APART) $(PY)/pytest $(SPREAD) --ignore=tests/journeys $(ARGS)

test-nlu: ready-to-test run-test-nlu ## Components, training data and stories, in Rasa's own Python

ready-to-test:
	@$(APART) sh setup/bootstrap.sh setup

run-test-nlu:
	$(APART) $(RASA)/python -m pytest -c tests/nlu/pytest.ini tests/nlu
	$(APART) $(RASA)/python -m nlu.command data validate --config config.yml --domain nlu/domain --data nlu/training --fail-on-warnings

shell: setup ## Rasa's own shell on the trained model: shows intents and entities
	$(RASA)/rasa shell nlu --model $(STATE)/models/xiaoli.tar.gz

bench: ready-to-test ## What says how good it is, kept in bench/results; ONLY=understanding,dates
	@$(APART) $(PY)/python -m bench.history $(if $(ONLY),--only "$(ONLY)")

bench-check: environments ## Fail where the newest figures of make bench are worse than those before
	@$(PY)/python -m bench.history --check

bench-intents: ready-to-test ## Intent accuracy; TRAIN=f.tsv TEST=g.tsv [OOS=h.tsv] [SEED=7]
	@$(RASA)/python -m bench.intents --train "$(TRAIN)" --test "$(TEST)" $(if $(OOS),--oos "$(OOS)") $(if $(SEED),--seed "$(SEED)")

bench-understanding: ready-to-test ## Intents and slots of messages held back, as written and bent; [WRONG=f.tsv]
	@$(APART) $(PY)/python -m bench.understanding $(if $(WRONG),--wrong "$(WRONG)")

bench-retrieval: ready-to-test ## Retrieval quality, of the pack or of PASSAGES=p.jsonl QUERIES=q.jsonl
	@$(PY)/python -m bench.retrieval $(if $(PASSAGES),--passages "$(PASSAGES)") $(if $(QUERIES),--queries "$(QUERIES)")

bench-search: ready-to-test ## Search among very many passages; N=100000 [TEXTS=../shared/data]
	@$(PY)/python -m bench.search --count "$(or $(N),100000)" --texts "$(or $(TEXTS),../shared/data)"

bench-publish: ready-to-test ## Seconds from the order to the new edition
	@$(PY)/python -m bench.publish

bench-categories: ready-to-test ## Which category a report belongs to, against keywords alone
	@$(PY)/python -m bench.categories

bench-similar: ready-to-test ## 我也遇到 among very many requests; N=50000
	@$(PY)/python -m bench.similar --count "$(or $(N),50000)"

bench-dates: environments ## Date understanding; FILE=f.tsv
	@$(PY)/python -m bench.dates --file "$(FILE)"

bench-chat: ready-to-test ## The whole path over HTTP, against stock Rasa; EPOCHS=100 as `rasa init`
	@$(APART) $(PY)/python -m bench.chat $(if $(EPOCHS),--epochs "$(EPOCHS)")

bench-capacity: ready-to-test ## What a message costs, and what a town and a province need; STORE=postgresql
	@$(APART) $(PY)/python -m bench.capacity --store "$(or $(STORE),postgresql)"

drill: ready-to-test ## Try all that is promised, with the controls; ONLY=P1,P14 SHORT=1
	@$(APART) STORES=both $(PY)/python -m bench.drills $(if $(SHORT),--short) $(if $(ONLY),--only "$(ONLY)")

drill-fuzz: environments ## Bent payloads for the parser of every channel; N=100000 [CHANNEL=telegram]
	@$(PY)/python -m bench.drills.fuzz --cases "$(or $(N),100000)" $(if $(CHANNEL),--channel "$(CHANNEL)")

drill-growing: ready-to-test ## Two of everything on PostgreSQL, restarted and killed; CONVERSATIONS=1000 MANY=2
	@$(APART) $(PY)/python -m bench.drills.growing --conversations "$(or $(CONVERSATIONS),1000)" --many "$(or $(MANY),2)"

soak: ready-to-test ## A town at five times its peak; HOURS=1 [STORE=postgresql], kept in bench/results
	@$(APART) $(PY)/python -m bench.drills.soak --keep --hours "$(or $(HOURS),1)" --store "$(or $(STORE),sqlite)"

bench-delivery: environments ## How quickly a courier finds what to bring; TEST_POSTGRES= for PostgreSQL, too
	@$(PY)/python -m bench.sendings

bench-planner: environments ## A day of the whole town through the message budget
	@$(PY)/python -m bench.planner_day

bench-booking: environments ## Sign-up opens: very many want few places; N=10000
	@$(PY)/python -m bench.booking_load --contenders "$(or $(N),10000)"

bench-desk: environments ## The desk with very many requests, and many desks open; REQUESTS=50000
	@$(APART) $(PY)/python -m bench.desk --requests "$(or $(REQUESTS),50000)"

bench-matching: environments ## Whom neighbours' needs go to, and how quickly; OFFERS=10000 [DAYS=30]
	@$(APART) $(PY)/python -m bench.matching --offers "$(or $(OFFERS),10000)" --days "$(or $(DAYS),30)"

bench-spoken: ready-to-test ## What becomes of spoken answers; RECORDINGS=folder
	@$(PY)/python -m bench.spoken --recordings "$(RECORDINGS)"

bench-wechat: environments ## A town's day on WeChat, within what it allows; SAMPLE=100
	@$(PY)/python -m bench.wechat_day --sample "$(or $(SAMPLE),100)"

fix: environments ## Format, and mend what can be mended
	$(PY)/ruff format . && $(PY)/ruff check --fix .

clean: ## Remove what set-up made (never the state folder)
	rm -rf .venv .venv-rasa .tools .build .rasa
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# No target here is a file.
.PHONY: $(shell sed -n "s/^\([a-z-]*\):.*/\1/p" $(firstword $(MAKEFILE_LIST)))
