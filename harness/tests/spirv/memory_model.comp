#version 450
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { uint a[]; };
shared uint last;
void main()
{
    atomicAdd(a[0], 1u, gl_ScopeDevice, 0, 0);
    uint v = atomicLoad(a[1], gl_ScopeWorkgroup, gl_StorageSemanticsBuffer, gl_SemanticsAcquire);
    atomicStore(a[2], v, gl_ScopeWorkgroup, 0, 0);
    controlBarrier(gl_ScopeWorkgroup, gl_ScopeWorkgroup, gl_StorageSemanticsShared, gl_SemanticsAcquireRelease);
    last = v;
}
