/* Ctrl-C asks; a second one insists.
 *
 * The first SIGINT sets a flag. Whatever takes long looks at it between two samples, ends early and still
 * writes its record; the process then exits with EXIT_INTERRUPTED. The second one kills. */
#ifndef ROOFLAB_INTERRUPT_H
#define ROOFLAB_INTERRUPT_H

#include <signal.h>

extern volatile sig_atomic_t interrupted;

void interrupt_install(void);

#endif
