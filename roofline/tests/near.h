/* cmocka compares floats, not doubles. A NAN is near nothing. */
#ifndef ROOFLAB_TESTS_NEAR_H
#define ROOFLAB_TESTS_NEAR_H

#include <math.h>

#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

#endif
