#version 450
// A convolution over packed halves after the manner of mobile inference: specialised workgroup and switch, matrices in a structure.
#extension GL_EXT_shader_16bit_storage: require
#extension GL_EXT_shader_explicit_arithmetic_types_float16: require
#define sfp float16_t
#define sfpvec4 f16vec4
layout(constant_id = 0) const int kernel_w = 3;
layout(constant_id = 1) const int kernel_h = 3;
layout(constant_id = 2) const int stride_w = 1;
layout(constant_id = 3) const int bias_term = 1;
layout(constant_id = 4) const int activation_type = 2;
layout(constant_id = 5) const float activation_param_0 = 0.1;
#define shape_constant_id_offset 6
layout(constant_id = shape_constant_id_offset + 0) const int w = 0;
layout(constant_id = shape_constant_id_offset + 1) const int outw = 0;
layout(local_size_x_id = 233) in; layout(local_size_y_id = 234) in; layout(local_size_z_id = 235) in;
layout(binding = 0) readonly buffer bottom_blob { sfpvec4 bottom_blob_data[]; };
layout(binding = 1) writeonly buffer top_blob { sfpvec4 top_blob_data[]; };
struct sfpmat4 { sfpvec4 a, b, c, d; };
layout(binding = 2) readonly buffer weight_blob { sfpmat4 weight_data[]; };
layout(binding = 3) readonly buffer bias_blob { sfpvec4 bias_data[]; };
layout(push_constant) uniform parameter { int dims; int w; int h; int c; int cstep; int outdims; int outw; int outh; int outc; int outcstep; } p;
#define psc(x) (x==0?p.x:x)
vec4 activation_afpvec4(vec4 v, int type, float a) { switch (type) { case 1: v = max(v, vec4(0)); break; case 2: v = mix(v, v * a, lessThan(v, vec4(0))); break; case 3: v = clamp(v, vec4(-a), vec4(a)); break; case 4: v = 1.0 / (1.0 + exp(-v)); break; } return v; }
void main() {
  int gx = int(gl_GlobalInvocationID.x), gy = int(gl_GlobalInvocationID.y), gz = int(gl_GlobalInvocationID.z);
  if (gx >= psc(outw) || gy >= p.outh || gz >= p.outc) return;
  vec4 sum = bias_term == 1 ? vec4(bias_data[gz]) : vec4(0);
  int w_offset = gz * p.c * kernel_w * kernel_h;
  for (int z = 0; z < p.c; z++) { int v_offset = z * p.cstep + gy * stride_w * psc(w) + gx * stride_w;
    for (int y = 0; y < kernel_h; y++) for (int x = 0; x < kernel_w; x++) {
      vec4 v = vec4(bottom_blob_data[v_offset + y * psc(w) + x]);
      sfpmat4 k = weight_data[w_offset + y * kernel_w + x];
      sum += v * mat4(vec4(k.a), vec4(k.b), vec4(k.c), vec4(k.d)); }
    w_offset += kernel_w * kernel_h; }
  sum = activation_afpvec4(sum, activation_type, activation_param_0);
  top_blob_data[gz * p.outcstep + gy * psc(outw) + gx] = sfpvec4(sum);
}
