//! operator   to_f32
//! kind       map
//! idea       From here on the tensor is stored as 32-bit floats again.
//! type       f32
//! ops
//! reference  x
float op_to_f32(float x)
{
    return x;
}
