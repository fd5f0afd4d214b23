/* What a kernel in C finds when it runs on the host processor (--device native).
 *
 * The calling convention: a kernel defines
 *
 *     void kernel(const struct launch *l);
 *
 * which is called on every thread of the team at once, and does the part that is l->worker's of l->workers.
 * l->buffer[] are the tensors in the order of the bindings, l->push[] the 32-bit words in the order of the
 * shape. A kernel that wants memory of its own says how much: `const unsigned long scratch_bytes = ...` with
 * EXPORT before it; l->scratch is then that large for each worker, and aligned to a page.
 *
 * Below it: GLSL's functions for floats, so that the bodies in kernels/elementwise compile as C. They have no
 * branches and call nothing: a loop over them becomes vector instructions of whatever width there is (the
 * compiler's vectoriser does it; bodies on vector types would need overloads and ?: on vectors, which C has
 * not). Their errors, in units in the last place, are tested in harness/tests/test_native.c:
 *
 *     exp 1    log 1    tanh 2    erf 1    inversesqrt 2    sqrt and division correctly rounded
 *
 * exp of less than -87.3 gives 1.2e-38 (the smallest normal float; no denormal one, which would make a product of it slow), of
 * more than 88.7 gives 3.3e38. */
#include <stddef.h>
#include <stdint.h>
#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

struct launch {
    void *const *buffer;
    const uint32_t *push;
    uint32_t worker, workers;
    void *scratch;
};

#define EXPORT __attribute__((visibility("default")))
/* Everything a kernel calls is compiled into it: only then are its loops vectorised. */
#define KERNEL EXPORT __attribute__((flatten))
EXPORT void kernel(const struct launch *l);

/* ---- GLSL's functions ---- */

typedef unsigned glsl_uint;

static inline float float_of_bits(int32_t i) { union { int32_t i; float f; } u = {.i = i}; return u.f; }
static inline int32_t bits_of_float(float f) { union { float f; int32_t i; } u = {.f = f}; return u.i; }

static inline float glsl_max(float a, float b) { return a < b ? b : a; }
static inline float glsl_min(float a, float b) { return b < a ? b : a; }
static inline float glsl_abs(float a) { return __builtin_fabsf(a); }
static inline float glsl_sqrt(float a) { return __builtin_sqrtf(a); }
static inline float glsl_inversesqrt(float a) { return 1.0f / __builtin_sqrtf(a); }

/* x = n ln2 + r with |r| <= ln2 / 2: 2^n is added into the exponent, e^r is a polynomial of degree 6 (degree 5
 * would be off by 3 ulp). Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
static inline float glsl_exp(float x)
{
    x = glsl_min(glsl_max(x, -87.336540f), 88.7228317f);
    float shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
    float r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    float p = 1.37805939e-3f;
    p = p * r + 8.37312452e-3f;
    p = p * r + 4.16695364e-2f;
    p = p * r + 1.66664720e-1f;
    p = p * r + 4.99999851e-1f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return float_of_bits(bits_of_float(p) + (bits_of_float(shifted) << 23));
}

/* x = 2^n m with m between sqrt(1/2) and sqrt(2); log(m) by Cephes' polynomial (Moshier, logf.c). */
static inline float glsl_log(float x)
{
    int32_t i = bits_of_float(x), n = (i - 0x3f3504f3) >> 23;
    float f = float_of_bits(i - (int32_t)((glsl_uint)n << 23)) - 1.0f, e = (float)n, z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    p = p * f * z + e * -2.12194440e-4f;
    p = p - 0.5f * z;
    int32_t result = bits_of_float(f + p + e * 0.693359375f);
    result = i > 0 ? result : i == 0 ? (int32_t)0xff800000 : 0x7fc00000; /* log(0) = -inf, of less: NaN */
    return float_of_bits(result);
}

/* Near zero a polynomial (Cephes, tanhf.c), since 1 - e^-2x loses its digits there. */
static inline float glsl_tanh(float x)
{
    float a = glsl_abs(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = p * z * x + x;
    float e = glsl_exp(-2.0f * a), large = (1.0f - e) / (1.0f + e);
    return a < 0.625f ? small : x < 0.0f ? -large : large;
}

/* Two polynomials (N. Juffa): of x near zero, of the logarithm of 1 - erf above. */
static inline float glsl_erf(float x)
{
    float t = glsl_abs(x), s = x * x;
    float r = -1.72853470e-5f * t + 3.83197126e-4f, u = -3.88396438e-3f * t + 2.42546219e-2f;
    r = r * s + u;
    r = r * t - 1.06777877e-1f;
    r = r * t - 6.34846687e-1f;
    r = r * t - 1.28717512e-1f;
    r = r * t - t;
    float large = 1.0f - glsl_exp(r);
    float p = -5.96761703e-4f;
    p = p * s + 4.99119423e-3f;
    p = p * s - 2.67681349e-2f;
    p = p * s + 1.12819925e-1f;
    p = p * s - 3.76125336e-1f;
    p = p * s + 1.28379166e-1f;
    float small = p * x + x;
    return t < 0.927734375f ? small : x < 0.0f ? -large : large;
}

/* The names that bodies use. */
typedef glsl_uint   uint;
#define uint(x)     ((glsl_uint)(x)) /* uint without a bracket behind it stays the type */
#define max         glsl_max
#define min         glsl_min
#define abs         glsl_abs
#define sqrt        glsl_sqrt
#define inversesqrt glsl_inversesqrt
#define exp         glsl_exp
#define log         glsl_log
#define tanh        glsl_tanh
#define erf         glsl_erf

/* ---- memory ---- */

/* Floats in a block: four of the widest vectors, so that the work on four is interleaved. (Measured on the chain
 * layernorm|bias|gelu|dropout at 64 MB, one thread: 32 floats 11.3 ms, 64 11.1, 256 12.4.) */
enum { BLOCK = 64 };

/* Stores a block past the caches; y is aligned to 64 bytes. */
static inline void stream_block(float *y, const float *t)
{
#if defined __AVX512F__
    for (int i = 0; i < BLOCK; i += 16)
        _mm512_stream_ps(y + i, _mm512_loadu_ps(t + i));
#elif defined __AVX__
    for (int i = 0; i < BLOCK; i += 8)
        _mm256_stream_ps(y + i, _mm256_loadu_ps(t + i));
#elif defined __x86_64__
    for (int i = 0; i < BLOCK; i += 4)
        _mm_stream_ps(y + i, _mm_loadu_ps(t + i));
#else
    __builtin_memcpy(y, t, BLOCK * sizeof *y);
#endif
}

/* Stores a row's n floats past the caches, all but the ends that do not fill a cache line. */
static inline void stream_row(float *y, const float *t, size_t n)
{
    size_t i = (64 - (uintptr_t)y % 64) % 64 / 4;
    i = i < n ? i : n;
    __builtin_memcpy(y, t, i * sizeof *y);
    for (; i + BLOCK <= n; i += BLOCK)
        stream_block(y + i, t + i);
    __builtin_memcpy(y + i, t + i, (n - i) * sizeof *y);
}

/* Asks for a block that is needed later. */
static inline void prefetch_block(const void *x)
{
    for (int i = 0; i < BLOCK * 4; i += 64)
        __builtin_prefetch((const char *)x + i);
}

/* Half precision, round to nearest even, by the processor's own instruction where it has one. */
static inline float float_of_half(uint16_t h)
{
#if defined __F16C__
    return _cvtsh_ss(h);
#elif defined __aarch64__
    union { uint16_t i; __fp16 f; } u = {.i = h};
    return u.f;
#else
    glsl_uint sign = (glsl_uint)(h & 0x8000) << 16, rest = h & 0x7fff;
    float normal = float_of_bits((int32_t)((rest << 13) + (112u << 23)));
    float small = (float)(int32_t)rest * 5.9604644775390625e-8f; /* 2^-24 */
    glsl_uint u = rest >= 0x7c00 ? (rest << 13) | 0x7f800000 : (glsl_uint)bits_of_float(rest < 0x400 ? small : normal);
    return float_of_bits((int32_t)(u | sign));
#endif
}

static inline uint16_t half_of_float(float f)
{
#if defined __F16C__
    return _cvtss_sh(f, 0);
#elif defined __aarch64__
    union { __fp16 f; uint16_t i; } u = {.f = (__fp16)f};
    return u.i;
#else
    glsl_uint b = (glsl_uint)bits_of_float(f), sign = (b >> 16) & 0x8000, a = b & 0x7fffffff;
    glsl_uint normal = (a - (112u << 23) + 0xfff + ((a >> 13) & 1)) >> 13;
    glsl_uint small = (glsl_uint)bits_of_float(float_of_bits((int32_t)a) + 0.5f) - 0x3f000000u;
    glsl_uint h = a > 0x7f800000 ? 0x7e00 : a >= 0x477ff000 ? 0x7c00 : a < 0x38800000 ? small : normal;
    return (uint16_t)(h | sign);
#endif
}

/* n halves to floats and back; whole vectors where there are instructions for them. */
static inline void load_halves(float *t, const uint16_t *x, int n)
{
    int i = 0;
#if defined __AVX512F__
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(t + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i))));
#elif defined __F16C__
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(t + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
#endif
    for (; i < n; i++)
        t[i] = float_of_half(x[i]);
}

static inline void store_halves(uint16_t *y, const float *t, int n)
{
    int i = 0;
#if defined __AVX512F__
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(y + i), _mm512_cvtps_ph(_mm512_loadu_ps(t + i), 0));
#elif defined __F16C__
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(t + i), 0));
#endif
    for (; i < n; i++)
        y[i] = half_of_float(t[i]);
}

/* ---- dot products of bytes ---- */

/* Vectors as wide as the processor's dot products of bytes are. */
#if defined __AVX512BW__
enum { WIDE = 64 };
#elif defined __AVX2__
enum { WIDE = 32 };
#else
enum { WIDE = 16 };
#endif
typedef uint8_t wide_bytes __attribute__((vector_size(WIDE)));
typedef int16_t wide_shorts __attribute__((vector_size(WIDE)));
typedef int32_t wide_ints __attribute__((vector_size(WIDE)));
typedef float wide_floats __attribute__((vector_size(WIDE)));

/* To each sum four products of neighbouring bytes: those of a are 0 .. 127, those of b are signed. (Of two products the
 * sum fits in 16 bits; that is what processors without an instruction for all four need.) */
static inline wide_ints add_dots(wide_ints sums, wide_bytes a, wide_bytes b)
{
#if defined __AVX512VNNI__
    return (wide_ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)a, (__m512i)b);
#elif defined __AVX512BW__
    return sums + (wide_ints)_mm512_madd_epi16(_mm512_maddubs_epi16((__m512i)a, (__m512i)b), _mm512_set1_epi16(1));
#elif defined __AVXVNNI__
    return (wide_ints)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)a, (__m256i)b);
#elif defined __AVX2__
    return sums + (wide_ints)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)a, (__m256i)b), _mm256_set1_epi16(1));
#elif defined __ARM_FEATURE_DOTPROD
    return (wide_ints)vdotq_s32((int32x4_t)sums, (int8x16_t)a, (int8x16_t)b);
#else
    const wide_shorts one = (wide_shorts)a, other = (wide_shorts)b;
    const wide_shorts pairs = (one & 255) * (other << 8 >> 8) + (one >> 8) * (other >> 8);
    return sums + ((wide_ints)pairs << 16 >> 16) + ((wide_ints)pairs >> 16);
#endif
}

/* The sum and the maximum of a block of partial results, by halves. */
static inline float block_sum(float *a)
{
#if defined __AVX512F__
    return _mm512_reduce_add_ps((_mm512_loadu_ps(a) + _mm512_loadu_ps(a + 16)) + (_mm512_loadu_ps(a + 32) + _mm512_loadu_ps(a + 48)));
#else
    for (int h = BLOCK / 2; h; h /= 2)
        for (int i = 0; i < h; i++)
            a[i] += a[i + h];
    return a[0];
#endif
}

static inline float block_max(float *a)
{
#if defined __AVX512F__
    return _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(_mm512_loadu_ps(a), _mm512_loadu_ps(a + 16)),
                                              _mm512_max_ps(_mm512_loadu_ps(a + 32), _mm512_loadu_ps(a + 48))));
#else
    for (int h = BLOCK / 2; h; h /= 2)
        for (int i = 0; i < h; i++)
            a[i] = glsl_max(a[i], a[i + h]);
    return a[0];
#endif
}

/* ---- rows of a softmax ---- */

static const float LOWEST = -3.402823466e38f; /* no float is less */

static inline void raise_block(float *restrict most, const float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        most[i] = glsl_max(most[i], x[i]);
}

/* The largest of so_far (LOWEST where there is none) and n elements. */
static inline float row_max(const float *x, size_t n, float so_far)
{
    float most[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        most[i] = so_far;
    size_t c = 0;
    for (; c + BLOCK <= n; c += BLOCK)
        raise_block(most, x + c, BLOCK);
    raise_block(most, x + c, (int)(n - c));
    return block_max(most);
}

/* exp of v <= 0. That of a masked element is 0, and not what exp has for the least of numbers: scaled down, it would be
 * a denormal, for which some processors take a hundred times as long. */
static inline float power(float v)
{
    return glsl_exp(v) - glsl_exp(-100.0f);
}

/* ---- shares ---- */

/* Worker w's share of n things, in whole multiples of `grain`. */
static inline size_t share(size_t n, size_t grain, uint32_t worker, uint32_t workers)
{
    size_t grains = (n + grain - 1) / grain, at = grains * worker / workers * grain;
    return at < n ? at : n;
}
