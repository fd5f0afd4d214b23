/* The statistics of samples: medians with intervals, pairs, and when to stop. On GSL. */
#ifndef ROOFLAB_STATS_H
#define ROOFLAB_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* A median with its two-sided 95 % interval. n = 0 means there is no such number (JSON null). */
struct interval {
    double median, low, high;
    int n; /* samples */
};

/* A sample that is not finite makes every result below none (NaN, n = 0): it must not pass unseen. */

double stats_median(const double *x, size_t n); /* mean of the middle two where n is even; nan for n = 0 */

/* The median with a distribution-free interval of at least `confidence` (0 < confidence < 1) from order
 * statistics, interpolated between neighbouring ones so that the cover is near nominal and not above it by
 * the binomial's steps (Hettmansperger and Sheather 1986, "Confidence intervals based on interpolated order
 * statistics"; Nyblom 1992). For n < 8 the interval is the whole range of the samples,
 * because there the interpolated one covers too little of skewed samples. */
struct interval stats_interval(const double *x, size_t n, double confidence);

/* One-sided limits of the median at 95 % each (the two ends of the 90 % interval): L and U of the bound's
 * verdict. */
void stats_limits(const double *x, size_t n, double *lower, double *upper);

/* A against B from pairs taken in ABBA order: a[i] and b[i] belong to round i, and odd rounds ran in the
 * opposite order. Rounds 2j and 2j+1 are averaged in log space, so that a drift linear in time cancels;
 * then the median and interval of the ratios a/b. An odd last round is left out where n > 1. The n of the
 * result is the number of averaged pairs of rounds. A time that is not positive gives none. */
struct interval stats_ratio(const double *a, const double *b, size_t n);

/* Why sampling stopped. */
enum stop { STOP_NOT_YET, STOP_PRECISE, STOP_SAMPLES, STOP_TIME };
const char *stop_text(enum stop s); /* "", "interval", "max samples", "max time" */

/* The stopping rule: at least min_samples; then STOP_PRECISE once the interval's half-width is at most
 * `precision` of the median; STOP_SAMPLES at max_samples; STOP_TIME once spent_s >= max_s. */
struct stop_rule {
    int min_samples, max_samples;
    double precision; /* 0.01 = 1 % */
    double max_s;
};
enum stop stats_stop(const struct stop_rule *rule, const double *x, size_t n, double spent_s);

/* y = a + b*x by the least squares of log(y / line): times err by a share of themselves, and a point at a third of the line
 * is as wrong as one at three times of it. Points far off count less (Huber), so that one disturbed size moves little.
 * 95 % intervals from the scatter (Student's t, n-2 degrees of freedom). Gauss-Newton steps on GSL's weighted line. Returns
 * false, and NaN in fit, for fewer than 3 points, all x alike, or a y not positive. */
struct line_fit {
    double a, a_low, a_high, b, b_low, b_high;
};
bool stats_line(const double *x, const double *y, size_t n, struct line_fit *fit);

#endif
