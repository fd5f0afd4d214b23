#version 450
// Every way out of nested loops: break, continue, return, from inside a switch too.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { int a[]; };
int f(int n)
{
    int s = 0;
    for (int i = 0; i < n; i++) {
        for (;;) {
            s++;
            if ((s & 7) == 3)
                break;
            if (s > 1000)
                return s;
            switch (s % 5) {
            case 0: continue;
            case 1: s += 2;
            default: break;
            }
        }
        if (s % 11 == 0)
            continue;
        while (s % 3 != 0) {
            s++;
            do {
                s += 1;
                if (s == 77)
                    return 5;
            } while ((s & 1) == 1);
        }
    }
    return s;
}
void main()
{
    int i = int(gl_GlobalInvocationID.x);
    a[i] = f(a[i]);
    if (a[i] == 3)
        return;
    for (int k = 0; k < 4; k++)
        a[i] += f(k);
}
