#version 460
// What the lab has no rule for has to be named.
#extension GL_EXT_ray_query : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) uniform accelerationStructureEXT scene;
layout(set = 0, binding = 1) buffer A { float a[]; };
void main()
{
    rayQueryEXT q;
    rayQueryInitializeEXT(q, scene, 0, 0xff, vec3(0), 0.0, vec3(1), 10.0);
    while (rayQueryProceedEXT(q)) {
    }
    a[0] = rayQueryGetIntersectionTEXT(q, true);
}
