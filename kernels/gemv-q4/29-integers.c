//! kernel     gemv-q4/29-integers
//! idea       The processor multiplies four pairs of bytes and adds them up in one instruction. Each number of x
//! idea       becomes a whole one of 23 bits, in three signed bytes; nibbles are bytes and never become floats.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/4)*4/rows x=1 y=1
//! flops      280*ceil(rows/4)*ceil(cols/32)
//! tune       COLS cols
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
//! verify     rows=3 cols=512 x=uniform(-3e-38,3e-38)
//! verify     rows=3 cols=512 x=uniform(1000,1001)
#include "kernels/native.h"

/* (Of a block's 70 flops only 6 are done in floats: the others are a product and a sum of whole numbers per weight.)
 *
 * Nibbles of GROUP blocks are a vector. Two such vectors are a chunk: with the first halves of its blocks in one and
 * the second halves in the other, a block has two lanes instead of four, so that what follows the products is done half
 * as often. */
enum { GROUP = WIDE / 16, CHUNK = 2 * GROUP, BLOCKS = (COLS + 31) / 32, CHUNKS = (BLOCKS + CHUNK - 1) / CHUNK };

/* A whole x is at most MOST, so that adding 1.5 * 2^23 rounds to it and leaves it in the low bits; what is lost is at
 * most 2^-23 of the block's largest. A lane sums up 16 products of at most 8 * MOST: they fit in 32 bits. (Before the
 * zeros are taken off they need not; additions modulo 2^32 come to the same.) */
enum { DIGITS = 3, MOST = 4194303 };

/* A worker is at four rows at once, far apart: so many streams hide from each other that the processor's own prefetcher
 * begins anew in every page. (Measured: 35 GB/s in place of 26 where the matrix comes from memory. One row does best
 * when it is asked for 4096 bytes ahead; for four that was slower than for one.) */
enum { ROWS = 4, AHEAD = 1024 }; // bytes asked for before they are needed

struct block {
    uint16_t scale;
    uint8_t q[16]; // low nibbles are elements 0..15, high ones 16..31
};

struct chunk { // of x
    wide_bytes digits[DIGITS][2][2]; // the highest first; for low and high nibbles; for the first and second halves
    wide_ints zeros;                 // what weights of zero, which are nibbles of 8, would come to
    wide_floats scales;
};

EXPORT const unsigned long scratch_bytes = CHUNKS * sizeof(struct chunk);

// Three sums: none waits for another's products.
static inline wide_ints whole_dots(const wide_bytes low[2], const wide_bytes high[2], const struct chunk *x)
{
    wide_ints sums[DIGITS] = {{0}}, sum = {0};
    for (int d = 0; d < DIGITS; d++)
        for (int i = 0; i < 2; i++)
            sums[d] = add_dots(add_dots(sums[d], low[i], x->digits[d][0][i]), high[i], x->digits[d][1][i]);
    for (int d = 0; d < DIGITS; d++)
        sum = (sum << 8) + sums[d];
    return sum;
}

/* ---- x, once for all rows ---- */

// Bytes of x + 128 * (1 + 256 + 65536), less 128 each, are signed digits of x to the base of 256.
static inline float split_block(uint8_t digits[DIGITS][32], const float *restrict x)
{
    int32_t largest = 0, whole[32];
    for (int i = 0; i < 32; i++) { // without their signs floats are in the order of their bits, a NaN at the end
        const int32_t size = bits_of_float(x[i]) & 0x7fffffff;
        largest = size > largest ? size : largest;
    }
    const float most = float_of_bits(largest), steps = largest > 0x0d800000 ? MOST / most : 0; // below 2^-100: zeros
    for (int i = 0; i < 32; i++)
        whole[i] = bits_of_float(x[i] * steps + 12582912.0f) - bits_of_float(12582912.0f) + 0x808080;
    for (int d = 0; d < DIGITS; d++)
        for (int i = 0; i < 32; i++)
            digits[d][i] = (uint8_t)(whole[i] >> 8 * (DIGITS - 1 - d) ^ 0x80);
    return most / MOST;
}

static inline void split_chunk(struct chunk *c, const float *x, size_t blocks)
{
    const wide_bytes eights[2] = {(wide_bytes){0} + 8, (wide_bytes){0} + 8};
    uint8_t digits[DIGITS][32];
    *c = (struct chunk){0};
    for (size_t b = 0; b < blocks; b++) {
        const size_t lane = b % GROUP * 4 + b / GROUP * 2; // the first of its two
        ((float *)&c->scales)[lane] = ((float *)&c->scales)[lane + 1] = split_block(digits, x + 32 * b);
        for (int d = 0; d < DIGITS; d++)
            for (int i = 0; i < 4; i++)
                __builtin_memcpy((char *)&c->digits[d][i / 2][i % 2] + 4 * lane, digits[d] + 8 * i, 8);
    }
    c->zeros = whole_dots(eights, eights, c);
}

static inline void split(struct chunk *c, const float *x)
{
    for (size_t i = 0; i < CHUNKS; i++)
        split_chunk(c + i, x + i * CHUNK * 32, BLOCKS - i * CHUNK < CHUNK ? BLOCKS - i * CHUNK : CHUNK);
}

/* ---- a row of w ---- */

static inline wide_bytes load_group(const struct block *w)
{
#if defined __AVX512BW__
    // From the first nibbles on 64 bytes hold three blocks; the 64 that end with the fourth are laid over them.
    static const int16_t three[32] = {0,  1,  2,  3,  4,  5,  6,  7,  9,  10, 11, 12, 13, 14, 15, 16,
                                      18, 19, 20, 21, 22, 23, 24, 25};
    const __m512i first = _mm512_loadu_si512(w[0].q), last = _mm512_loadu_si512(w[3].q - 48);
    return (wide_bytes)_mm512_mask_permutexvar_epi16(last, 0xffffff, _mm512_loadu_si512(three), first);
#elif defined __AVX2__
    return (wide_bytes)_mm256_loadu2_m128i((const __m128i *)w[1].q, (const __m128i *)w[0].q);
#else
    wide_bytes q;
    __builtin_memcpy(&q, w->q, sizeof q);
    return q;
#endif
}

static inline void pair_halves(wide_bytes out[2], wide_bytes a, wide_bytes b)
{
#if defined __AVX512BW__
    out[0] = (wide_bytes)_mm512_unpacklo_epi64((__m512i)a, (__m512i)b);
    out[1] = (wide_bytes)_mm512_unpackhi_epi64((__m512i)a, (__m512i)b);
#elif defined __AVX2__
    out[0] = (wide_bytes)_mm256_unpacklo_epi64((__m256i)a, (__m256i)b);
    out[1] = (wide_bytes)_mm256_unpackhi_epi64((__m256i)a, (__m256i)b);
#else
    typedef int64_t halves __attribute__((vector_size(WIDE)));
    out[0] = (wide_bytes)(halves){((halves)a)[0], ((halves)b)[0]};
    out[1] = (wide_bytes)(halves){((halves)a)[1], ((halves)b)[1]};
#endif
}

static inline wide_floats load_scales(const struct block *w)
{
#if defined __AVX512BW__
    static const int16_t at[32] = {0, 0, 0, 0, 9, 9, 9, 9, 18, 18, 18, 18, 27, 27, 27, 27};
    const __m512i from = _mm512_loadu_si512(at), one = _mm512_permutexvar_epi16(from, _mm512_loadu_si512(w));
    const __m512i both = _mm512_mask_permutexvar_epi16(one, 0xcccc, from, _mm512_loadu_si512(w + GROUP));
    return (wide_floats)_mm512_cvtph_ps(_mm512_castsi512_si256(both));
#elif defined __AVX2__
    const uint16_t a = w[0].scale, b = w[1].scale, c = w[2].scale, d = w[3].scale;
    return (wide_floats)_mm256_cvtph_ps(_mm_setr_epi16(a, a, c, c, b, b, d, d));
#else
    const float one = float_of_half(w[0].scale), other = float_of_half(w[1].scale);
    return (wide_floats){one, one, other, other};
#endif
}

static inline wide_floats chunk_times(const struct block *w, const struct chunk *x)
{
    wide_bytes q[2];
    pair_halves(q, load_group(w), load_group(w + GROUP));
    const wide_bytes low[2] = {q[0] & 15, q[1] & 15}, high[2] = {q[0] >> 4, q[1] >> 4};
    const wide_ints whole = whole_dots(low, high, x) - x->zeros;
    return load_scales(w) * x->scales * __builtin_convertvector(whole, wide_floats);
}

static inline float sum_of(wide_floats v)
{
#if defined __AVX512BW__
    return _mm512_reduce_add_ps((__m512)v);
#else
    float sum = 0;
    for (int i = 0; i < WIDE / 4; i++)
        sum += v[i];
    return sum;
#endif
}

static inline void add_rest(wide_floats *sums, const struct block *w, const struct chunk *x)
{
    struct block rest[CHUNK] = {0}; // what lies behind the last row may not be read
    __builtin_memcpy(rest, w, BLOCKS % CHUNK * sizeof *rest);
    *sums += chunk_times(rest, x);
}

static inline void rows_times(float y[ROWS], const struct block *const w[ROWS], const struct chunk *x)
{
    wide_floats sums[ROWS] = {{0}};
    size_t c = 0;
    for (; c < BLOCKS / CHUNK; c++)
        for (int r = 0; r < ROWS; r++) {
            for (size_t i = 0; i < CHUNK * sizeof **w; i += 64)
                __builtin_prefetch((const char *)(w[r] + c * CHUNK) + AHEAD + i);
            sums[r] += chunk_times(w[r] + c * CHUNK, x + c);
        }
    for (int r = 0; r < ROWS; r++) {
        if (BLOCKS % CHUNK)
            add_rest(&sums[r], w[r] + c * CHUNK, x + c);
        y[r] = sum_of(sums[r]);
    }
}

KERNEL void kernel(const struct launch *l)
{
    const struct block *w = l->buffer[0], *at[ROWS];
    float *y = l->buffer[2], found[ROWS];
    const size_t rows = l->push[0], end = share(rows, 1, l->worker + 1, l->workers);
    const size_t begin = share(rows, 1, l->worker, l->workers), apart = (end - begin + ROWS - 1) / ROWS;
    split(l->scratch, l->buffer[1]);
    for (size_t row = begin; row < begin + apart; row++) {
        // Beyond the last row it is read once more, and what comes of it is thrown away.
        for (int r = 0; r < ROWS; r++)
            at[r] = w + (row + r * apart < end ? row + r * apart : end - 1) * BLOCKS;
        rows_times(found, at, l->scratch);
        for (int r = 0; r < ROWS && row + r * apart < end; r++)
            y[row + r * apart] = found[r];
    }
}
