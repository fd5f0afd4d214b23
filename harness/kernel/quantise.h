/* Numbers in blocks of 32 with one f16 scale, byte for byte as llama.cpp lays them out, so that files of such weights could be
 * read as they are:
 *
 *   q8_0   34 bytes: scale, then 32 signed bytes                        value = scale * byte
 *   q4_0   18 bytes: scale, then 16 bytes of two nibbles each           value = scale * (nibble - 8)
 *          the low nibbles are elements 0..15, the high ones 16..31 */
#ifndef ROOFLAB_QUANTISE_H
#define ROOFLAB_QUANTISE_H

enum { QUANTISE_BLOCK = 32 };

void quantise_q8_0(const float *values, unsigned char *block);
void quantise_q4_0(const float *values, unsigned char *block);

#endif
