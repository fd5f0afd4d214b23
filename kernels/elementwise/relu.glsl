//! operator   relu
//! kind       map
//! idea       Keeps what is positive, zero for the rest.
//! ops        add=1
//! reference  max(x, 0)
float op_relu(float x)
{
    return max(x, 0.0f);
}
