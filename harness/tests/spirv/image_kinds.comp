#version 450
// Images of several kinds, an array of them, textures with and without their sampler.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, rgba8) uniform readonly image2D from;
layout(set = 0, binding = 1, r32f) uniform writeonly image2DArray to;
layout(set = 0, binding = 2, r32ui) uniform uimage1D votes;
layout(set = 0, binding = 3, rgba8) uniform image2D levels[3];
layout(set = 0, binding = 4) uniform sampler2D photo;
layout(set = 0, binding = 5) uniform texture3D volume;
layout(set = 0, binding = 6) uniform sampler smooth_one;
void main()
{
    ivec2 p = ivec2(gl_GlobalInvocationID.xy);
    vec4 v = imageLoad(from, p) + texelFetch(photo, p, 0) + textureLod(sampler3D(volume, smooth_one), vec3(0.5), 0.0);
    imageStore(to, ivec3(p, 1), v);
    imageStore(levels[0], p, v);
    imageStore(levels[2], p / 2, imageLoad(levels[0], p));
    imageAtomicAdd(votes, p.x, 1u);
}
