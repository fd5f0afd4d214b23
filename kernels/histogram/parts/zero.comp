#version 450
//! kernel     histogram/parts/zero
//! idea       Empty bins, to begin with.
//! shape      n=4194304
//! buffer     count  out  u32[256]
//! launch     groups=1

layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) writeonly buffer Count {
    uint count[];
};

void main()
{
    count[gl_LocalInvocationID.x] = 0;
}
