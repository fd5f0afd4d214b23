#include "harness/spirv/validate.h"

#include <spirv-tools/libspirv.h>

static spv_target_env environment(uint32_t version)
{
    if (version <= 0x10000)
        return SPV_ENV_VULKAN_1_0;
    if (version <= 0x10300)
        return SPV_ENV_VULKAN_1_1;
    if (version <= 0x10400)
        return SPV_ENV_VULKAN_1_1_SPIRV_1_4;
    if (version <= 0x10500)
        return SPV_ENV_VULKAN_1_2;
    return SPV_ENV_VULKAN_1_3;
}

bool spirv_validate(const uint32_t *words, size_t count, struct error *e)
{
    uint32_t version = count > 1 ? words[1] : 0;
    spv_context context = spvContextCreate(environment(version));
    spv_validator_options options = spvValidatorOptionsCreate();
    spv_diagnostic diagnostic = NULL;
    spvValidatorOptionsSetScalarBlockLayout(options, true);
    spvValidatorOptionsSetWorkgroupScalarBlockLayout(options, true);
    spvValidatorOptionsSetAllowLocalSizeId(options, true);
    struct spv_const_binary_t binary = {words, count};
    bool valid = spvValidateWithOptions(context, options, &binary, &diagnostic) == SPV_SUCCESS;
    if (!valid)
        error_set(e, EXIT_CHECK, "the SPIR-V validator says: %s",
                  diagnostic && diagnostic->error ? diagnostic->error : "the module is not valid");
    spvDiagnosticDestroy(diagnostic);
    spvValidatorOptionsDestroy(options);
    spvContextDestroy(context);
    return valid;
}

const char *spirv_opcode_name(uint16_t op)
{
    return spvOpcodeString(op);
}
