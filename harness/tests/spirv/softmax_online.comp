#version 450
// One invocation per row; maximum and sum in one pass over the row, the result in a second.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform P { uint rows, columns; };
void main()
{
    uint row = gl_GlobalInvocationID.x;
    if (row >= rows)
        return;
    float top = -3.4e38, sum = 0.0;
    for (uint j = 0; j < columns; j++) {
        float v = x[row * columns + j];
        float next = max(top, v);
        sum = sum * exp(top - next) + exp(v - next);
        top = next;
    }
    for (uint j = 0; j < columns; j++)
        y[row * columns + j] = exp(x[row * columns + j] - top) / sum;
}
