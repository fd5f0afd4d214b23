#include "harness/spirv/lines.h"

#include <spirv/unified1/NonSemanticShaderDebugInfo100.h>
#include <spirv/unified1/spirv.h>

#include "harness/spirv/special.h"

static void follow_debug_line(struct source_line *state, const struct module *m, const uint32_t *w)
{
    uint32_t length = word_length(*w);
    int64_t line;
    if (w[4] == NonSemanticShaderDebugInfo100DebugNoLine)
        *state = (struct source_line){0};
    else if (w[4] == NonSemanticShaderDebugInfo100DebugLine && length >= 7 && constant_value(m, w[6], &line))
        *state = (struct source_line){w[5], (uint32_t)line};
}

void lines_follow(struct source_line *state, const struct module *m, const uint32_t *w)
{
    switch (word_op(*w)) {
    case SpvOpLine: *state = (struct source_line){w[1], w[2]}; break;
    case SpvOpNoLine:
    case SpvOpLabel:
    case SpvOpFunction: *state = (struct source_line){0}; break;
    case SpvOpExtInst:
        if (ext_set_of(m, w[3]) == EXT_DEBUG_LINES)
            follow_debug_line(state, m, w);
        break;
    default: break;
    }
}

/* A DebugSource names the OpString of its file in its first operand. */
const char *lines_file(const struct module *m, uint32_t file, char *out, size_t size)
{
    const uint32_t *w = module_def(m, file);
    *out = 0;
    if (w && word_op(*w) == SpvOpExtInst && word_length(*w) >= 6)
        w = module_def(m, w[5]);
    if (w && word_op(*w) == SpvOpString)
        module_string(m, (uint32_t)(w - m->words) + 2, word_length(*w) - 2, out, size);
    return out;
}
