//! operator   copy
//! kind       map
//! idea       Nothing at all: the chain's loads and stores alone.
//! ops        add=0
//! reference  x
float op_copy(float x)
{
    return x;
}
