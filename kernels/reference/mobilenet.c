/* MobileNet v2 for one image, from its table of blocks (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, "MobileNetV2: Inverted
 * Residuals and Linear Bottlenecks", table 2), all in double precision. Weights and biases are the inputs w0, b0, w1, b1, ... in
 * the order in which the network uses them; images are r x r, channels last. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

/* A tensor on its way through the network. */
struct image {
    double *at;
    uint64_t side, channels;
};

struct net {
    const struct reference_case *c;
    int layer; /* the number of the next w and b */
    bool ok;
};

enum { POINTWISE, DEPTHWISE, FULL };

static const struct block {
    uint64_t expand, channels, repeats, stride;
} blocks[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

static double *numbers(uint64_t n)
{
    double *x = calloc(n ? n : 1, sizeof *x);
    if (!x)
        abort();
    return x;
}

/* The next layer's weights, rows of `cols`, and its biases. */
static double *weights(struct net *n, uint64_t rows, uint64_t cols, const double **bias)
{
    char name[16];
    double *all = numbers(rows * cols);
    snprintf(name, sizeof name, "w%d", n->layer);
    for (uint64_t i = 0; i < rows && n->ok; i++) {
        const double *row = reference_row(n->c, name, i, cols);
        n->ok = row != NULL;
        if (row)
            memcpy(all + i * cols, row, cols * sizeof *row);
    }
    snprintf(name, sizeof name, "b%d", n->layer++);
    *bias = reference_row(n->c, name, 0, cols);
    n->ok = n->ok && *bias;
    return all;
}

/* What one tap of the window gives to one pixel. */
static void add_tap(int kind, const double *x, uint64_t in, const double *w, uint64_t out, double *sum)
{
    if (kind == DEPTHWISE) {
        for (uint64_t c = 0; c < out; c++)
            sum[c] += x[c] * w[c];
        return;
    }
    for (uint64_t i = 0; i < in; i++)
        for (uint64_t c = 0; c < out; c++)
            sum[c] += x[i] * w[i * out + c];
}

/* A convolution with its bias, clamped to 0..6 or not; the image that goes in is freed where `last_use`. */
static struct image convolve(struct net *n, struct image x, int kind, uint64_t channels, uint64_t stride, bool clamped, bool last_use)
{
    struct image y = {.side = (x.side + stride - 1) / stride, .channels = channels};
    const uint64_t taps = kind == POINTWISE ? 1 : 9, edge = kind == POINTWISE ? 0 : 1, per = kind == DEPTHWISE ? 1 : x.channels;
    const double *bias = NULL;
    double *w = weights(n, taps * per, channels, &bias);
    y.at = numbers(y.side * y.side * channels);
    for (uint64_t p = 0; p < y.side * y.side && n->ok; p++) {
        double *sum = y.at + p * channels;
        memcpy(sum, bias, channels * sizeof *sum);
        for (uint64_t t = 0; t < taps; t++) {
            uint64_t row = p / y.side * stride + t / 3 - edge, col = p % y.side * stride + t % 3 - edge; /* below 0 it wraps */
            if (row < x.side && col < x.side)
                add_tap(kind, x.at + (row * x.side + col) * x.channels, x.channels, w + t * per * channels, channels, sum);
        }
        for (uint64_t c = 0; clamped && c < channels; c++)
            sum[c] = fmin(fmax(sum[c], 0), 6);
    }
    free(w);
    if (last_use)
        free(x.at);
    return y;
}

/* Wide, filtered, narrow again; around it a shortcut where both ends are alike. */
static struct image block(struct net *n, struct image x, uint64_t expand, uint64_t channels, uint64_t stride)
{
    bool shortcut = stride == 1 && x.channels == channels;
    uint64_t wide = x.channels * expand;
    struct image y = expand > 1 ? convolve(n, x, POINTWISE, wide, 1, true, false) : x;
    y = convolve(n, y, DEPTHWISE, wide, stride, true, expand > 1);
    y = convolve(n, y, POINTWISE, channels, 1, false, true);
    for (uint64_t i = 0; shortcut && i < y.side * y.side * channels; i++)
        y.at[i] += x.at[i];
    free(x.at);
    return y;
}

static struct image input(struct net *n, uint64_t side)
{
    struct image x = {numbers(side * side * 3), side, 3};
    for (uint64_t p = 0; p < side * side && n->ok; p++) {
        const double *row = reference_row(n->c, "image", p, 3);
        n->ok = row != NULL;
        if (row)
            memcpy(x.at + p * 3, row, 3 * sizeof *row);
    }
    return x;
}

static struct image pool(struct image x)
{
    struct image y = {numbers(x.channels), 1, x.channels};
    const uint64_t pixels = x.side * x.side;
    for (uint64_t p = 0; p < pixels; p++)
        for (uint64_t c = 0; c < x.channels; c++)
            y.at[c] += x.at[p * x.channels + c] / (double)pixels;
    free(x.at);
    return y;
}

bool reference_mobilenet(const struct reference_case *c, int output, uint64_t row, double *out)
{
    struct net n = {.c = c, .ok = row == 0};
    struct image x = convolve(&n, input(&n, reference_shape(c, "r")), FULL, 32, 2, true, true);
    for (uint64_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
        for (uint64_t i = 0; i < blocks[b].repeats; i++)
            x = block(&n, x, blocks[b].expand, blocks[b].channels, i == 0 ? blocks[b].stride : 1);
    x = pool(convolve(&n, x, POINTWISE, 1280, 1, true, true));
    x = convolve(&n, x, POINTWISE, reference_cols(c, output), 1, false, true);
    memcpy(out, x.at, reference_cols(c, output) * sizeof *out);
    free(x.at);
    return n.ok;
}
