// An array of addresses is declared before what they point at: the pointer's type stands behind the array's.
#version 450
#extension GL_EXT_buffer_reference : require
layout(local_size_x = 4) in;
layout(buffer_reference) buffer Node;
layout(buffer_reference, std430) buffer Node { Node next[2]; float x; };
layout(push_constant) uniform Push { Node root; };
layout(set = 0, binding = 0) writeonly buffer Y { float y[]; };

void main()
{
    uint i = gl_GlobalInvocationID.x;
    y[i] = root.next[i & 1].x;
}
