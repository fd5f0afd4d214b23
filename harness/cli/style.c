#include "harness/cli/style.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MAX 100

static const struct style plain = {"", "", "", "", "", ""};
static const struct style coloured = {"\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[33m", "\033[0m"};

const struct style *style_of(FILE *f)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool wanted = !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
    return wanted && isatty(fileno(f)) ? &coloured : &plain;
}

int style_width(FILE *f)
{
    struct winsize size;
    const char *asked = getenv("COLUMNS");
    int width = 0;
    if (isatty(fileno(f)))
        width = ioctl(fileno(f), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    else if (asked)
        width = atoi(asked);
    return width < 20 || width > WIDTH_MAX ? WIDTH_MAX : width;
}
