#include "harness/spirv/special.h"

#include <string.h>

#include <spirv/unified1/GLSL.std.450.h>
#include <spirv/unified1/spirv.h>

/* Sines and their kin have no ceiling of their own: they stand with exp, the nearest one. */
#define OP_SINE OP_EXP

/* Functions that are defined by a formula count its operations, as the GLSL specification writes it;
 * functions that hardware has count one operation; signs and absolute values are free. */
static const struct special_cost table[] = {
    {GLSLstd450Round, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450RoundEven, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450Trunc, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450FAbs, false, {{0}}},
    {GLSLstd450SAbs, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450FSign, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450SSign, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450Floor, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450Ceil, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450Fract, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450Radians, false, {{OP_MUL, 0, 1}}},
    {GLSLstd450Degrees, false, {{OP_MUL, 0, 1}}},
    {GLSLstd450Sin, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Cos, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Tan, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Asin, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Acos, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Atan, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Sinh, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Cosh, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Tanh, false, {{OP_TANH, 0, 1}}},
    {GLSLstd450Asinh, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Acosh, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Atanh, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Atan2, false, {{OP_SINE, 0, 1}}},
    {GLSLstd450Pow, false, {{OP_LOG, 0, 1}, {OP_EXP, 0, 1}}},
    {GLSLstd450Exp, false, {{OP_EXP, 0, 1}}},
    {GLSLstd450Log, false, {{OP_LOG, 0, 1}}},
    {GLSLstd450Exp2, false, {{OP_EXP, 0, 1}}},
    {GLSLstd450Log2, false, {{OP_LOG, 0, 1}}},
    {GLSLstd450Sqrt, false, {{OP_RSQRT, 0, 1}}},
    {GLSLstd450InverseSqrt, false, {{OP_RSQRT, 0, 1}}},
    {GLSLstd450Modf, false, {{OP_ADD, 0, 2}}},
    {GLSLstd450ModfStruct, false, {{OP_ADD, 0, 2}}},
    {GLSLstd450FMin, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450UMin, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450SMin, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450FMax, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450UMax, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450SMax, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450FClamp, false, {{OP_ADD, 0, 2}}},
    {GLSLstd450UClamp, true, {{OP_INT_XOR, 0, 2}}},
    {GLSLstd450SClamp, true, {{OP_INT_XOR, 0, 2}}},
    {GLSLstd450FMix, false, {{OP_ADD, 0, 2}, {OP_MUL, 0, 2}}},   /* x*(1-a) + y*a */
    {GLSLstd450Step, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450SmoothStep, false, {{OP_ADD, 0, 5}, {OP_MUL, 0, 3}, {OP_DIV, 0, 1}}}, /* clamp, t*t*(3-2t) */
    {GLSLstd450Fma, false, {{OP_FMA, 0, 1}}},
    {GLSLstd450Frexp, true, {{OP_INT_XOR, 0, 2}}},
    {GLSLstd450FrexpStruct, true, {{OP_INT_XOR, 0, 2}}},
    {GLSLstd450Ldexp, false, {{OP_MUL, 0, 1}}},
    {GLSLstd450PackSnorm4x8, false, {{OP_ADD, 0, 3}, {OP_MUL, 0, 1}}}, /* clamp, scale, round */
    {GLSLstd450PackUnorm4x8, false, {{OP_ADD, 0, 3}, {OP_MUL, 0, 1}}},
    {GLSLstd450PackSnorm2x16, false, {{OP_ADD, 0, 3}, {OP_MUL, 0, 1}}},
    {GLSLstd450PackUnorm2x16, false, {{OP_ADD, 0, 3}, {OP_MUL, 0, 1}}},
    {GLSLstd450PackHalf2x16, false, {{0}}},
    {GLSLstd450PackDouble2x32, false, {{0}}},
    {GLSLstd450UnpackSnorm2x16, false, {{OP_MUL, 2, 0}, {OP_ADD, 4, 0}}},
    {GLSLstd450UnpackUnorm2x16, false, {{OP_MUL, 2, 0}}},
    {GLSLstd450UnpackHalf2x16, false, {{0}}},
    {GLSLstd450UnpackSnorm4x8, false, {{OP_MUL, 4, 0}, {OP_ADD, 8, 0}}},
    {GLSLstd450UnpackUnorm4x8, false, {{OP_MUL, 4, 0}}},
    {GLSLstd450UnpackDouble2x32, false, {{0}}},
    {GLSLstd450Length, false, {{OP_MUL, 1, 0}, {OP_FMA, -1, 1}, {OP_RSQRT, 1, 0}}},
    {GLSLstd450Distance, false, {{OP_ADD, 1, 1}, {OP_FMA, -1, 1}, {OP_RSQRT, 1, 0}}}, /* its one mul as add */
    {GLSLstd450Cross, false, {{OP_MUL, 6, 0}, {OP_ADD, 3, 0}}},
    {GLSLstd450Normalize, false, {{OP_MUL, 1, 1}, {OP_FMA, -1, 1}, {OP_RSQRT, 1, 0}}},
    {GLSLstd450FaceForward, false, {{OP_MUL, 1, 0}, {OP_FMA, -1, 1}, {OP_ADD, 1, 0}}},
    {GLSLstd450Reflect, false, {{OP_MUL, 2, 0}, {OP_FMA, -1, 2}}}, /* I - 2*dot(N,I)*N */
    {GLSLstd450Refract, false, {{OP_MUL, 5, 1}, {OP_FMA, 1, 2}, {OP_RSQRT, 1, 0}}},
    {GLSLstd450FindILsb, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450FindSMsb, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450FindUMsb, true, {{OP_INT_XOR, 0, 1}}},
    {GLSLstd450NMin, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450NMax, false, {{OP_ADD, 0, 1}}},
    {GLSLstd450NClamp, false, {{OP_ADD, 0, 2}}},
};

const struct special_cost *special_find(uint32_t instruction)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].instruction == instruction)
            return &table[i];
    return NULL;
}

enum ext_set ext_set_of(const struct module *m, uint32_t set_id)
{
    const uint32_t *w = module_def(m, set_id);
    char name[64];
    if (!w || word_op(*w) != SpvOpExtInstImport)
        return EXT_UNKNOWN;
    module_string(m, (uint32_t)(w - m->words) + 2, word_length(*w) - 2, name, sizeof name);
    if (strcmp(name, "GLSL.std.450") == 0)
        return EXT_GLSL;
    if (strncmp(name, "NonSemantic.Shader.DebugInfo.", 29) == 0)
        return EXT_DEBUG_LINES;
    bool free = strncmp(name, "NonSemantic.", 12) == 0 || strcmp(name, "OpenCL.DebugInfo.100") == 0 ||
                strcmp(name, "DebugInfo") == 0;
    return free ? EXT_FREE : EXT_UNKNOWN;
}
