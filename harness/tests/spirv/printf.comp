#version 450
#extension GL_EXT_debug_printf : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { float a[]; };
void main()
{
    debugPrintfEXT("value %f", a[gl_LocalInvocationIndex]);
}
