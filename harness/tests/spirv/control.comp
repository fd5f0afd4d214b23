#version 450
// Nested loops with continue and break, switch with fall-through, functions with early returns and out parameters.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer X { int x[]; };
int pick(int v, out int side)
{
    side = v / 2;
    switch (v & 7) {
    case 0: return 3;
    case 1:
    case 2: side++;
    case 3: break;
    case 6: return v > 100 ? 9 : 10;
    default: side = 0;
    }
    return v * side;
}
int both(inout int v)
{
    v ^= 5;
    int s, r = pick(v, s);
    return r + pick(s, v);
}
void main()
{
    uint i = gl_GlobalInvocationID.x;
    int v = x[i], sum = 0;
    for (int j = 0; j < 4; j++) {
        for (int k = 0; k < j; k++) {
            if (((k + v) & 3) == 2)
                continue;
            if (sum > 1000)
                break;
            sum += both(v);
        }
        do {
            v -= 3;
            if (v < -20)
                return;
        } while (v > 8);
    }
    while (true) {
        if (++v > 4)
            break;
    }
    x[i] = sum + v;
}
