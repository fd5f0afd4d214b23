//! operator   clamp
//! kind       map
//! idea       Limits to an interval.
//! param      low -1
//! param      high 1
//! ops        add=2
//! reference  min(max(x, low), high)
float op_clamp(float x, float low, float high)
{
    return min(max(x, low), high);
}
