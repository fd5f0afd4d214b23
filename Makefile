# rooflab: make experiment-fusion, make test, make help.
#
# One file, no recursion. Build output lies in build/ (plain) or build/<configuration>/ (SANITIZE=...).

SHELL := /bin/bash
.DEFAULT_GOAL := all

SANITIZE ?=
CONFIG   := $(if $(SANITIZE),sanitize-$(subst $(eval) ,-,$(subst $(comma),-,$(SANITIZE))),)
comma    := ,
B        := build$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))

CC       ?= gcc
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(DEVELOPER),-Werror)
SAN      := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
CPPFLAGS += -I. -D_GNU_SOURCE
CFLAGS   := -std=gnu11 $(OPT) $(WARN) $(SAN) -pthread

SRC      := $(sort $(wildcard harness/*/*.c roofline/*.c))
SRC      := $(filter-out harness/tests/%,$(SRC))
OBJ      := $(SRC:%.c=$B/%.o)
LIBOBJ   := $(filter-out $B/harness/cli/main.o,$(OBJ))
TESTSRC  := $(sort $(wildcard harness/tests/test_*.c roofline/tests/test_*.c))
TESTS    := $(TESTSRC:%.c=$B/%)

SHADERC  := -l:libshaderc_combined.a -lglslang -lMachineIndependent -lGenericCodeGen -lOGLCompiler -lOSDependent \
            -lSPIRV -lSPIRV-Tools-opt -lSPIRV-Tools -lstdc++
LDLIBS   := $(SHADERC) -lgsl -lgslcblas -ljansson -ldl -lm

.PHONY: all tests test clean
all: $B/rooflab

$B/rooflab: $(OBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$B/harness/tests/test_% $B/roofline/tests/test_%: $(LIBOBJ)
$(TESTS): $B/%: $B/%.o $(LIBOBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

tests: $(TESTS)
test: all tests
	@for t in $(TESTS); do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(TESTS:=.d)
