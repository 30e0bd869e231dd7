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

chat: ## Talk to the assistant in the terminal
	$(SETUP) chat

train: ## Train the language model when its domain, examples or pipeline changed
	$(SETUP) train

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

bench-chat: ready-to-test ## The whole path over HTTP, against stock Rasa
	@$(PY)/python -m bench.chat

drill: ready-to-test ## Kill and partition every process for a long time (the short form is in the tests)
	@$(APART) $(PY)/python -m bench.drill

drill-booking: environments ## Many processes want the same places; TRIALS=1000 [PROCESSES=8,24,64]
	@$(PY)/python -m bench.booking_drill --trials "$(or $(TRIALS),1000)" $(if $(PROCESSES),--processes "$(PROCESSES)")

drill-claims: environments ## Fifty neighbours claim one need at once; TRIALS=1000
	@$(PY)/python -m bench.claims --trials "$(or $(TRIALS),1000)"

drill-fuzz: environments ## Bent payloads for the parser of every channel; N=100000 [CHANNEL=telegram]
	@$(PY)/python -m bench.fuzz --cases "$(or $(N),100000)" $(if $(CHANNEL),--channel "$(CHANNEL)")

drill-delivery: environments ## A worker is killed while it brings messages to a platform; TRIALS=200
	@$(PY)/python -m bench.delivery_drill --trials "$(or $(TRIALS),200)"

drill-telegram: ready-to-test ## Bursts, kills and a notice to all on Telegram; CHATS=1000 KILLS=180 RASA_KILLS=20 TOLD=5000
	@$(PY)/python -m bench.telegram_drill --chats "$(or $(CHATS),1000)" --kills "$(or $(KILLS),180)" --rasa "$(or $(RASA_KILLS),20)" --told "$(or $(TOLD),5000)"

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
