#include "harness/base/interrupt.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    static const char text[] = "\nrooflab: stopping after this sample; Ctrl-C again kills\n";
    int kept = errno;
    (void)number;
    interrupted = 1;
    if (isatty(STDERR_FILENO)) {
        ssize_t told = write(STDERR_FILENO, text, sizeof text - 1);
        (void)told; /* a terminal that has gone away needs no message */
    }
    errno = kept;
}

void interrupt_install(void)
{
    /* RESETHAND puts the default back, so that the second one kills; RESTART spares drivers an EINTR. */
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}
