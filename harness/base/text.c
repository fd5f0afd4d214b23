/* Growing strings, whole files, sorted folders, and the nearest name; see text.h. */
#include "harness/base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- memory ---- */

static void *must(void *got, size_t bytes)
{
    if (!got) {
        fprintf(stderr, "rooflab: out of memory (%zu bytes wanted); try a smaller tensor\n", bytes);
        exit(EXIT_ENVIRONMENT);
    }
    return got;
}

void *need(size_t bytes)
{
    return must(calloc(1, bytes ? bytes : 1), bytes);
}

void *need_more(void *old, size_t bytes)
{
    return must(realloc(old, bytes ? bytes : 1), bytes);
}

char *need_string(const char *s)
{
    return s ? must(strdup(s), strlen(s) + 1) : NULL;
}

/* ---- growing strings ---- */

/* Makes room for `more` bytes and the NUL behind them. */
static void text_room(struct text *t, size_t more)
{
    if (t->s && more < t->cap - t->len)
        return;
    size_t cap = t->cap ? t->cap : 64;
    while (cap - t->len <= more)
        cap *= 2;
    t->s = need_more(t->s, cap);
    t->cap = cap;
}

void text_bytes(struct text *t, const void *bytes, size_t len)
{
    text_room(t, len);
    if (len)
        memcpy(t->s + t->len, bytes, len);
    t->len += len;
    t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *format, ...)
{
    char *made;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&made, format, args);
    va_end(args);
    text_bytes(t, must(len < 0 ? NULL : made, 0), (size_t)len);
    free(made);
}

void text_free(struct text *t)
{
    free(t->s);
    *t = (struct text){0};
}

const char *text_get(const struct text *t)
{
    return t->s ? t->s : "";
}

char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    char *end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return s;
}

bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *s, const char *suffix)
{
    size_t len = strlen(s), tail = strlen(suffix);
    return len >= tail && strcmp(s + len - tail, suffix) == 0;
}

/* ---- files ---- */

bool file_read(const char *path, struct text *out, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(e, EXIT_USAGE, "cannot read %s: %s; check the name", path, strerror(errno));
    out->len = 0;
    text_bytes(out, "", 0);
    for (;;) {
        text_room(out, 65536);
        ssize_t got = read(fd, out->s + out->len, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set(e, EXIT_USAGE, "cannot read %s: %s; check that it is a file", path, strerror(errno));
            text_free(out);
            close(fd);
            return false;
        }
        out->len += (size_t)got;
        out->s[out->len] = '\0';
        if (got == 0)
            break;
    }
    close(fd);
    return true;
}

static bool folder_refused(struct error *e, const char *folder, int why)
{
    return error_set(e, EXIT_ENVIRONMENT,
                     "cannot write in the folder %s: %s; choose another with --out DIR or ROOFLAB_RESULTS",
                     *folder ? folder : ".", strerror(why));
}

bool folder_make(const char *path, struct error *e)
{
    char *made = need_string(path);
    bool ok = true;
    for (char *at = made; ok && *at;) {
        at += strspn(at, "/");
        at += strcspn(at, "/");
        char kept = *at;
        *at = '\0';
        struct stat st;
        if (*made && mkdir(made, 0777) != 0) {
            /* EEXIST would also be said of a file in the way, and some systems answer EROFS or EACCES for a
             * folder that is there, so the folder itself is asked. */
            int why = errno;
            if (stat(made, &st) != 0)
                ok = folder_refused(e, path, why);
            else if (!S_ISDIR(st.st_mode))
                ok = folder_refused(e, path, ENOTDIR);
        }
        *at = kept;
    }
    free(made);
    return ok;
}

static bool bytes_write(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

/* Opens a new file in folder under a name that nobody else has; folder ends in '/' or is empty. */
static int temporary_open(const char *folder, struct text *name)
{
    static atomic_uint number;
    for (int tries = 0; tries < 100; tries++) {
        name->len = 0;
        text_add(name, "%s.rooflab-%ld-%u.tmp", folder, (long)getpid(), atomic_fetch_add(&number, 1));
        int fd = open(name->s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* The folder part of path with its '/', or "" where there is none. */
static char *folder_of(const char *path)
{
    char *folder = need_string(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[1] = '\0';
    else
        *folder = '\0';
    return folder;
}

bool file_write(const char *path, const void *bytes, size_t len, struct error *e)
{
    char *folder = folder_of(path);
    struct text name = {0};
    bool ok = !*folder || folder_make(folder, e);
    if (ok) {
        int fd = temporary_open(folder, &name);
        if (fd < 0) {
            ok = folder_refused(e, folder, errno);
        } else {
            int why = bytes_write(fd, bytes, len) ? 0 : errno;
            if (close(fd) != 0 && !why)
                why = errno;
            if (!why && rename(name.s, path) != 0)
                why = errno;
            if (why) {
                unlink(name.s);
                ok = error_set(e, EXIT_ENVIRONMENT,
                               "cannot write %s: %s; make room, or choose another folder with --out DIR or "
                               "ROOFLAB_RESULTS", path, strerror(why));
            }
        }
    }
    text_free(&name);
    free(folder);
    return ok;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int names_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **folder_names(const char *path, const char *suffix, size_t *count)
{
    size_t n = 0, cap = 16;
    char **names = need(cap * sizeof *names);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || (suffix && !ends_with(entry->d_name, suffix)))
            continue;
        if (n + 1 == cap) {
            cap *= 2;
            names = need_more(names, cap * sizeof *names);
        }
        names[n++] = need_string(entry->d_name);
    }
    if (dir)
        closedir(dir);
    names[n] = NULL;
    qsort(names, n, sizeof *names, names_order);
    if (count)
        *count = n;
    return names;
}

void names_free(char **names)
{
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

/* ---- names ---- */

enum { WORD_MAX = 128 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Damerau-Levenshtein distance (a swap of neighbours is one edit; no part is edited twice). Case is free.
 * Both words are at most WORD_MAX long. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            now[j] = smaller(smaller(last[j] + 1, now[j - 1] + 1), last[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX, len = strlen(word);
    for (size_t i = 0; i < count && len <= WORD_MAX; i++) {
        size_t other = strlen(names[i]);
        if (other > WORD_MAX)
            continue;
        size_t distance = edit_distance(word, len, names[i], other);
        if (distance < best_distance && 3 * distance <= (len > other ? len : other)) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

char *short_name(char out[SHORT_NAME], const char *name)
{
    static const char model[] = "simulated machine, "; /* what follows is all that tells two of them apart */
    if (name && starts_with(name, model)) {
        snprintf(out, SHORT_NAME, "sim %.20s", name + strlen(model));
        return out;
    }
    const char *bracket = name ? strstr(name, " (") : NULL;
    size_t n = name ? strcspn(name, ",") : 0;
    if (bracket && (size_t)(bracket - name) < n)
        n = (size_t)(bracket - name);
    bool cut = n >= SHORT_NAME - 2;
    snprintf(out, SHORT_NAME, "%.*s", cut ? SHORT_NAME - 3 : (int)n, name ? name : "?");
    char *blank = cut ? strrchr(out, ' ') : NULL;
    if (blank)
        *blank = '\0';
    return out;
}

void slug(char *out, size_t size, const char *name)
{
    if (size == 0)
        return;
    size_t n = 0;
    for (; *name && n + 1 < size; name++) {
        int c = lower(*name);
        bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '+';
        /* A leading dot would hide the file or climb out of the folder; a leading dash reads as an option. */
        if (kept && (n > 0 || c != '.'))
            out[n++] = (char)c;
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
    if (n == 0)
        snprintf(out, size, "unnamed");
}

unsigned long long hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}
