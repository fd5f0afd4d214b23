#version 450
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference2 : require
layout(local_size_x = 32) in;
layout(buffer_reference) buffer Node;
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Node { Node next; float value; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Data { vec4 v[]; };
layout(push_constant) uniform P { Node first; Data data; uint n; } p;
layout(set = 0, binding = 0) buffer Y { float y[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    Node node = p.first;
    float sum = 0.0;
    for (uint k = 0; k < p.n; k++) {
        sum += node.value;
        node = node.next;
    }
    y[i] = sum + p.data.v[i].x;
    p.first.value = sum;
}
