/* Quantities with units, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/units.h"

static void accepted(void **state)
{
    (void)state;
    static const struct {
        enum unit unit;
        const char *text;
        double value;
    } cases[] = {
        {UNIT_BYTES, "64MB", 64e6},
        {UNIT_BYTES, "64 MB", 64e6},
        {UNIT_BYTES, " 64MiB ", 67108864},
        {UNIT_BYTES, "16KiB", 16384},
        {UNIT_BYTES, "512B", 512},
        {UNIT_BYTES, "0B", 0},
        {UNIT_BYTES, "4kB", 4000},
        {UNIT_BYTES, "4KB", 4000},
        {UNIT_BYTES, "1.5GB", 1.5e9},
        {UNIT_BYTES, "2GiB", 2147483648.0},
        {UNIT_BYTES, "1TiB", 1099511627776.0},
        {UNIT_BYTES, "1PB", 1e15},
        {UNIT_BYTES, "0.1MiB", 104858},
        {UNIT_BYTES, ".5kB", 500},
        {UNIT_BYTES_PER_S, "320GB/s", 320e9},
        {UNIT_BYTES_PER_S, "25.6GiB/s", 25.6 * 1073741824.0},
        {UNIT_BYTES_PER_S, "3.35 TB/s", 3.35e12},
        {UNIT_OPS_PER_S, "10TFLOP/s", 1e13},
        {UNIT_OPS_PER_S, "10TFLOPS", 1e13},
        {UNIT_OPS_PER_S, "10TOP/s", 1e13},
        {UNIT_OPS_PER_S, "500Gop/s", 5e11},
        {UNIT_OPS_PER_S, "5 Mflops", 5e6},
        {UNIT_SECONDS, "5us", 5e-6},
        {UNIT_SECONDS, "5\xc2\xb5s", 5e-6},
        {UNIT_SECONDS, "5\xce\xbcs", 5e-6},
        {UNIT_SECONDS, "1.6ms", 1.6e-3},
        {UNIT_SECONDS, "2s", 2},
        {UNIT_SECONDS, "300ns", 300e-9},
        {UNIT_SECONDS, "0", 0},
        {UNIT_RATIO, "1%", 0.01},
        {UNIT_RATIO, "0.01", 0.01},
        {UNIT_RATIO, "12.5 %", 0.125},
        {UNIT_COUNT, "4096", 4096},
        {UNIT_COUNT, "1e6", 1e6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {0};
        double value = -1;
        if (!units_parse(cases[i].unit, cases[i].text, &value, &e) || value != cases[i].value)
            fail_msg("'%s': %.17g, not %.17g; %s", cases[i].text, value, cases[i].value, e.text);
    }
}

/* Each is refused with a sentence in which the named words stand, and leaves the value alone. */
static void refused(void **state)
{
    (void)state;
    static const struct {
        enum unit unit;
        const char *text, *says;
    } cases[] = {
        {UNIT_BYTES, "64", "'64' needs a unit: bytes are written like 64MB (10^6) or 64MiB (2^20)"},
        {UNIT_BYTES, "64mb", "MB is 10^6 bytes and MiB is 2^20"},
        {UNIT_BYTES, "64mb", "did you mean 64MB?"},
        {UNIT_BYTES, "64Mb", "bits"},
        {UNIT_BYTES, "1.5 mib", "did you mean 1.5MiB?"},
        {UNIT_BYTES, "64M", "did you mean 64MB?"},
        {UNIT_BYTES, "64GB/s", "did you mean 64GB?"},
        {UNIT_BYTES, "5us", "unknown unit 'us'"},
        {UNIT_BYTES, "-64MB", "negative"},
        {UNIT_BYTES, "infMB", "decimal number"},
        {UNIT_BYTES, "nan", "decimal number"},
        {UNIT_BYTES, "0x10MB", "decimal number"},
        {UNIT_BYTES, "+1MB", "decimal number"},
        {UNIT_BYTES, "", "empty"},
        {UNIT_BYTES, "  ", "empty"},
        {UNIT_BYTES, "MB", "decimal number"},
        {UNIT_BYTES, "1e30MB", "too large"},
        {UNIT_BYTES, "1e999MB", "too large"},
        {UNIT_BYTES, "0.3B", "less than a byte"},
        {UNIT_BYTES, "64MB 3", "unknown unit"},
        {UNIT_BYTES, "1,000MB", "unknown unit"},
        {UNIT_BYTES_PER_S, "320GB", "did you mean 320GB/s?"},
        {UNIT_BYTES_PER_S, "320gb/s", "bits"},
        {UNIT_BYTES_PER_S, "320", "needs a unit"},
        {UNIT_BYTES_PER_S, "0GB/s", "more than 0"},
        {UNIT_OPS_PER_S, "10T", "did you mean 10TFLOP/s?"},
        {UNIT_OPS_PER_S, "10TiFLOP/s", "unknown unit"},
        {UNIT_OPS_PER_S, "0TFLOP/s", "more than 0"},
        {UNIT_SECONDS, "5", "needs a unit"},
        {UNIT_SECONDS, "5min", "unknown unit 'min'"},
        {UNIT_SECONDS, "5MS", "did you mean 5ms?"},
        {UNIT_SECONDS, "2 seconds", "did you mean 2s?"},
        {UNIT_RATIO, "1MB", "unknown unit"},
        {UNIT_RATIO, "1pct", "did you mean 1%?"},
        {UNIT_COUNT, "1.5", "whole number"},
        {UNIT_COUNT, "4k", "without a unit"},
        {UNIT_COUNT, "1e17", "too large"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {0};
        double value = 17;
        if (units_parse(cases[i].unit, cases[i].text, &value, &e))
            fail_msg("'%s' was taken as %g", cases[i].text, value);
        if (!strstr(e.text, cases[i].says))
            fail_msg("'%s': \"%s\" does not say \"%s\"", cases[i].text, e.text, cases[i].says);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_true(value == 17);
    }
    char longer[4000];
    memset(longer, '9', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    double value;
    assert_false(units_parse(UNIT_BYTES, longer, &value, NULL));
    assert_false(units_parse(UNIT_BYTES, NULL, &value, NULL));
}

static void written(void **state)
{
    (void)state;
    static const struct {
        enum unit unit;
        double value;
        const char *text;
    } cases[] = {
        {UNIT_BYTES, 64e6, "64.0 MB"},
        {UNIT_BYTES, 512e6, "512 MB"},
        {UNIT_BYTES, 67108864, "67.1 MB"},
        {UNIT_BYTES, 999.96e6, "1.00 GB"},
        {UNIT_BYTES, 999.4e6, "999 MB"},
        {UNIT_BYTES, 1000, "1.00 kB"},
        {UNIT_BYTES, 12, "12 B"},
        {UNIT_BYTES, 0, "0 B"},
        {UNIT_BYTES, 2.5e15, "2.50 PB"},
        {UNIT_BYTES_PER_S, 7.43e9, "7.43 GB/s"},
        {UNIT_BYTES_PER_S, 3.35e12, "3.35 TB/s"},
        {UNIT_OPS_PER_S, 12.9e9, "12.9 GFLOP/s"},
        {UNIT_SECONDS, 1.6e-3, "1.600 ms"},
        {UNIT_SECONDS, 5e-6, "5.000 us"},
        {UNIT_SECONDS, 1e-6, "1.000 us"},
        {UNIT_SECONDS, 123.456e-9, "123.5 ns"},
        {UNIT_SECONDS, 0.99999, "1.000 s"},
        {UNIT_SECONDS, 12.345678, "12.35 s"},
        {UNIT_SECONDS, -1.6e-3, "-1.600 ms"},
        {UNIT_SECONDS, 0, "0 s"},
        {UNIT_SECONDS, 1e-10, "0.1000 ns"},
        {UNIT_RATIO, 0.123, "12.3 %"},
        {UNIT_RATIO, 0.99999, "100 %"},
        {UNIT_RATIO, 1.5, "150 %"},
        {UNIT_RATIO, 0, "0 %"},
        {UNIT_COUNT, 4096, "4096"},
        {UNIT_COUNT, 1e6, "1000000"},
        {UNIT_COUNT, 2.5, "2.5"},
        {UNIT_SECONDS, NAN, "-"},
        {UNIT_BYTES, INFINITY, "-"},
    };
    char out[UNITS_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(units_format(out, cases[i].unit, cases[i].value), cases[i].text);
    /* No double is too long for the buffer. */
    static const double odd[] = {1e308, -1e308, 5e-324, -5e-324, 1e22, -123456789012345.0, 1e-12};
    for (int unit = UNIT_BYTES; unit <= UNIT_COUNT; unit++)
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
            assert_true(strlen(units_format(out, (enum unit)unit, odd[i])) < UNITS_TEXT - 1);
}

/* What units_format writes, units_parse reads, to the digits that were written. */
static void roundtrip(void **state)
{
    (void)state;
    for (int unit = UNIT_BYTES; unit <= UNIT_RATIO; unit++) {
        for (double v = unit == UNIT_BYTES ? 10 : 1e-8; v < 1e15; v *= 1.37) {
            if ((unit == UNIT_SECONDS || unit == UNIT_RATIO) && v > 1e3)
                break;
            char out[UNITS_TEXT];
            double back;
            struct error e = {0};
            double value = unit == UNIT_BYTES ? rint(v) : v;
            bool tiny = unit != UNIT_BYTES && unit != UNIT_SECONDS && v < 1e-3;
            if (!tiny && !units_parse((enum unit)unit, units_format(out, (enum unit)unit, value), &back, &e))
                fail_msg("%s", e.text);
            if (!tiny && fabs(back - value) > 0.006 * value)
                fail_msg("%.9g was written as %s", value, out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(written),
        cmocka_unit_test(roundtrip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
