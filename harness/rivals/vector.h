/* Vectors as wide as the processor's, for rivals. */
#ifndef ROOFLAB_RIVAL_VECTOR_H
#define ROOFLAB_RIVAL_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#if defined __x86_64__
#include <immintrin.h>
#endif

#if defined __AVX512F__
enum { WIDTH = 16 };
#elif defined __AVX__
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef float vec __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(WIDTH * 4), may_alias));

static inline vec vector_load(const float *p)
{
    return *(const vec *)p;
}

static inline void vector_store_past(float *p, vec v)
{
#if defined __AVX512F__
    _mm512_stream_ps(p, (__m512)v);
#elif defined __AVX__
    _mm256_stream_ps(p, (__m256)v);
#elif defined __x86_64__
    _mm_stream_ps(p, (__m128)v);
#else
    *(vec *)p = v;
#endif
}

static inline void vector_store(float *p, vec v)
{
    *(vec *)p = v;
}

static inline vec vector_max(vec a, vec b)
{
#if defined __AVX512F__
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined __AVX__
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    ivec m = (ivec)(a > b);
    return (vec)((m & (ivec)a) | (~m & (ivec)b));
#endif
}

static inline vec vector_min(vec a, vec b)
{
    return -vector_max(-a, -b);
}

static inline float vector_sum(vec a)
{
    float t = 0;
    for (int i = 0; i < WIDTH; i++)
        t += a[i];
    return t;
}

static inline float vector_most(vec a)
{
    float t = a[0];
    for (int i = 1; i < WIDTH; i++)
        t = t < a[i] ? a[i] : t;
    return t;
}

/* The first n floats, `rest` behind them. */
static inline vec vector_load_part(const float *p, size_t n, float rest)
{
    vec v = (vec){0} + rest;
    for (size_t i = 0; i < n; i++)
        v[i] = p[i];
    return v;
}

/* e^x = 2^n e^r with |r| <= ln2 / 2: a polynomial of degree 6, 2^n added to the exponent. */
static inline vec vector_exp(vec x)
{
    x = vector_max(vector_min(x, (vec){0} + 88.0f), (vec){0} - 87.0f);
    vec shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f, r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = r * 1.3888889e-3f + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return (vec)((ivec)p + ((ivec)shifted << 23));
}

#endif
