# rooflab. `make experiment-fusion` is the main job, `make test` runs the tests, `make help` lists the rest.
#
# One file, no recursion. What is built lies in build/, or in build/<configuration>/ for other
# configurations (SANITIZE=...). Sources are found by sorted wildcards: a new file needs no line here.

SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Use all processors, unless a -j was given.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

# ---- what can be set on the command line

ifeq ($(origin CC),default)
CC       := gcc
endif
OPT      ?= -O2 -g
SANITIZE ?=
# DEVELOPER=1 turns warnings into errors; V=1 shows whole commands; T=text runs matching tests only;
# INSTALL=no never installs anything; CHAIN=, TENSOR=, DEVICE=, THREADS= are options of an experiment;
# MARCH=x86-64-v3 is the processor that the native device's kernels are compiled for, by default the one they run on.
ifneq ($(MARCH),)
export ROOFLAB_MARCH := $(MARCH)
endif

comma    := ,
B        := build$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))
Q        := $(if $(V),,@)

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(DEVELOPER),-Werror)
SAN      := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
CPPFLAGS += -I. -D_GNU_SOURCE $(if $(wildcard /opt/homebrew/include),-I/opt/homebrew/include)
# SPIRV-Tools' libspirv.h defines (not declares) this constant, in every file that includes it: as weak
# symbols they are one.
CPPFLAGS += -D'kDefaultMaxIdBound=kDefaultMaxIdBound __attribute__((weak))'
CFLAGS   := -std=gnu11 $(OPT) $(WARN) $(SAN) -pthread

# ---- sources

REFERENCE    := $(sort $(wildcard kernels/reference/*.c))
SRC          := $(filter-out harness/tests/% harness/rivals/%,$(sort $(wildcard harness/*/*.c roofline/*.c))) $(REFERENCE)
OBJ          := $(SRC:%.c=$B/%.o) $(if $(wildcard kernels/reference/reference.h),$B/generated/reference_table.o)
LIBOBJ       := $(filter-out $B/harness/cli/main.o,$(OBJ))

TESTPROGRAMS := $(sort $(wildcard harness/tests/test_*.c roofline/tests/test_*.c))
TESTSCRIPTS  := $(sort $(wildcard harness/tests/*_test.sh))
FUZZPROGRAMS := $(sort $(wildcard harness/tests/fuzz_*.c))
# What several test programs share.
TESTHELPERS  := $(sort $(wildcard harness/tests/support*.c roofline/tests/support*.c))
TESTS        := $(TESTPROGRAMS:%.c=$B/%)
FUZZERS      := $(FUZZPROGRAMS:%.c=$B/%)
TESTOBJ      := $(patsubst %.c,$B/%.o,$(TESTPROGRAMS) $(FUZZPROGRAMS) $(TESTHELPERS))
# Those that are run: all, or those with T in their name.
WANTED       := $(if $T,$(foreach t,$(TESTS) $(TESTSCRIPTS),$(if $(findstring $T,$(notdir $t)),$t)),$(TESTS) $(TESTSCRIPTS))

# What the project is measured against on the host: `make rivals`.
RIVALS       := $(sort $(wildcard harness/rivals/*.c))

EXPERIMENTS  := $(patsubst experiments/%.txt,%,$(sort $(wildcard experiments/*.txt)))

# ---- targets for people (`make help` prints the text after ##)

.PHONY: all test tests rivals experiments dependencies help clean FORCE

all: $B/rooflab ## build build/rooflab (the default)

# `make experiment-fusion`, and so on for every experiments/NAME.txt. The shell takes CHAIN, TENSOR, DEVICE and
# THREADS from its environment, where make puts them: a chain is full of characters that a shell would eat.
RUN_EXPERIMENT = $B/rooflab experiment $1 $${CHAIN:+--chain "$$CHAIN"} $${TENSOR:+--tensor "$$TENSOR"} $${DEVICE:+--device "$$DEVICE"} \
    $${THREADS:+--threads "$$THREADS"}

experiment-%: experiments/%.txt $B/rooflab ## run experiments/NAME.txt; set CHAIN=, TENSOR=, DEVICE=, THREADS=, MARCH= if you like
	$(Q)$(call RUN_EXPERIMENT,$*)

experiments: $B/rooflab ## run all experiments, one after the other
	$(Q)status=0; for name in $(EXPERIMENTS); do \
	    echo "== $$name"; $(call RUN_EXPERIMENT,"$$name") || { code=$$?; [ $$code = 130 ] && exit 130; status=1; }; \
	done; exit $$status

test: $B/rooflab $(filter $B/%,$(WANTED)) ## run all tests; T=text: those with text in their name; SANITIZE=address,undefined
	$(Q)ROOFLAB=$(abspath $B/rooflab) TEST_CACHE=$(abspath $B/test-cache) harness/setup/run_tests.sh $(WANTED)

rivals: $B/rivals ## time OpenBLAS, STREAM and chains written by hand beside the project's own; R="memory blas": only those
	$(Q)ROOFLAB_HOME=$(CURDIR) $B/rivals $R

tests: $(TESTS) $(FUZZERS) # build the test programs, run nothing

dependencies: ## install what is missing to build and run (other targets do this by themselves)
	$(Q)CC="$(CC)" harness/setup/dependencies.sh $(NEEDS)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z%-]*:.* ## / { sub("%", "NAME", $$1); printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "experiments: $(EXPERIMENTS)"

clean: ## remove everything that was built
	rm -rf build

experiments/%.txt:
	@echo "rooflab: there is no $@; there are: $(EXPERIMENTS)" >&2; exit 2

# ---- dependencies: one fast look at each make, before anything is compiled

NEEDS := build$(if $(filter all experiment% test dependencies,$(MAKECMDGOALS)), run)$(if $(filter test tests,$(MAKECMDGOALS)), test)$(if $(filter rivals,$(MAKECMDGOALS)), rivals)
LINK  := build/setup/link_flags

$(LINK): harness/setup/link_flags.sh | dependencies
	@CC="$(CC)" $< $@

# ---- compile and link

# $(call write_if_changed,TEXT): the target's time moves only when its content does.
write_if_changed = @mkdir -p $(@D); new=$@.$$$$; printf '%s\n' $1 >$$new; if cmp -s $$new $@; then rm $$new; else mv $$new $@; fi
# TEXT as one word for the shell, and as one string for C.
shell_word = '$(subst ','\'',$1)'
c_string   = "$(subst ",\",$(subst \,\\,$1))"

FLAGS := $B/setup/flags
$(FLAGS): FORCE
	$(call write_if_changed,$(call shell_word,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)))

$B/rooflab: $(OBJ) $(LINK)
	@echo "  link $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJ) @$(LINK)

# Test programs take what they need from an archive. A new commit gives a new build.o: it is no part of the
# archive, since that alone is no reason to link all tests again.
BUILDOBJ := $B/harness/base/build.o
ARCHIVE  := $B/rooflab.a

$(ARCHIVE): $(filter-out $(BUILDOBJ),$(LIBOBJ))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(TESTS) $(FUZZERS): $B/%: $B/%.o $(TESTHELPERS:%.c=$B/%.o) $(ARCHIVE) $(LINK) | $(BUILDOBJ)
	@echo "  link $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVE) $(BUILDOBJ) @$(LINK) -lcmocka

# Rivals are compiled for this processor, as whoever writes them by hand would.
$(RIVALS:%.c=$B/%.o): private CFLAGS += -O3 -march=native -ffp-contract=fast -fno-math-errno -fno-trapping-math $(if $(filter x86_64,$(shell uname -m)),-mprefer-vector-width=512)

$B/rivals: $(RIVALS:%.c=$B/%.o) $(ARCHIVE) $(LINK) | $(BUILDOBJ)
	@echo "  link $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVE) $(BUILDOBJ) @$(LINK)

COMPILE = @echo "  cc   $<"; mkdir -p $(@D)

$B/%.o: %.c $(FLAGS) | $(LINK)
	$(COMPILE)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# ---- generated sources

COMMIT := $(or $(shell git -c safe.directory='*' describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null),unknown)
GENERATED := $B/generated

$(GENERATED)/provenance.h: FORCE
	$(call write_if_changed,$(call shell_word,#define PROVENANCE_COMMIT $(call c_string,$(COMMIT))) \
	    $(call shell_word,#define PROVENANCE_FLAGS $(call c_string,$(strip $(CFLAGS)))))

$(BUILDOBJ): $(GENERATED)/provenance.h
$(BUILDOBJ): private CPPFLAGS += -I$(GENERATED)

# Every kernels/reference/NAME.c defines one function reference_NAME, found by its name in this table.
NAMES := $(REFERENCE:kernels/reference/%.c=%)

$(GENERATED)/reference_table.c: FORCE
	$(call write_if_changed,'#include "kernels/reference/reference.h"' '' \
	    $(foreach n,$(NAMES),'bool reference_$n(const struct reference_case *c, int output, uint64_t row, double *out);') '' \
	    'const struct reference_entry reference_table[] = {' \
	    $(if $(NAMES),$(foreach n,$(NAMES),'    {"$n"$(comma) reference_$n}$(comma)'),'    {0}$(comma)') \
	    '};' 'const int reference_table_count = $(words $(NAMES));')

$(GENERATED)/reference_table.o: $(GENERATED)/reference_table.c $(FLAGS) | $(LINK)
	$(COMPILE)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A fuzz_*.c is for libFuzzer; here it becomes a program that reads files.
$(FUZZPROGRAMS:%.c=$B/%.o): private CPPFLAGS += -DFUZZ_MAIN

# The table declares them; there is no header that does.
$(REFERENCE:%.c=$B/%.o): private CFLAGS += -Wno-missing-prototypes

-include $(OBJ:.o=.d) $(TESTOBJ:.o=.d) $(RIVALS:%.c=$B/%.d)
