#version 450
//! kernel     reduction/parts/zero
//! idea       The sum of nothing, to begin with.
//! shape      n=4194304
//! buffer     y  out  f32[1]
//! launch     groups=1

layout(local_size_x = 1) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) writeonly buffer Y {
    float y[];
};

void main()
{
    y[0] = 0.0;
}
