#version 450
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0) uniform samplerBuffer x;
layout(set = 0, binding = 1, rgba32f) uniform readonly imageBuffer y;
layout(set = 0, binding = 2, r32f) uniform writeonly imageBuffer z;
layout(set = 0, binding = 3, rgba8) uniform image2D picture;
layout(set = 0, binding = 4) uniform sampler2D photo;
layout(set = 0, binding = 5) uniform texture2D plain;
layout(set = 0, binding = 6) uniform sampler smooth_one;
layout(set = 0, binding = 7, r32ui) uniform uimage2D votes;
void main()
{
    ivec2 p = ivec2(gl_GlobalInvocationID.xy);
    int i = p.x + p.y * 8;
    vec4 v = texelFetch(x, i) + imageLoad(y, i) + imageLoad(picture, p);
    v += textureLod(photo, vec2(p) / 8.0, 0.0) + texelFetch(photo, p, 0);
    v += textureLod(sampler2D(plain, smooth_one), vec2(0.5), 0.0) + textureGather(photo, vec2(0.5));
    imageStore(z, i, v);
    imageStore(picture, p, v);
    imageAtomicAdd(votes, p, 1u);
    if (textureSize(photo, 0).x > imageSize(picture).x)
        imageStore(z, 0, vec4(0));
}
