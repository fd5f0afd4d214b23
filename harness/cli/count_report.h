/* What was counted, as tables, as JSON, and beside the source lines. */
#ifndef ROOFLAB_COUNT_REPORT_H
#define ROOFLAB_COUNT_REPORT_H

#include "harness/measure/traffic.h"

void count_report(const struct traffic *t, const char *scaled);
void count_json(const struct traffic *t);
/* The source with bytes and flops beside each line. */
bool count_lines(const struct traffic *t, const char *path, struct error *e);
/* Not counted, and dry: names only. */
void count_report_dry(const struct traffic *t);

#endif
