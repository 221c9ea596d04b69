// Other people's macros do not reach into the headers: windows.h has min, max, small, near, far; C's <complex.h> has I;
// old maths headers have DOMAIN and OVERFLOW. Our headers include first what they need of the system, xsimd and Eigen:
// those break on the same macros, and a program that defines such macros has to include them before, too.
#include "every_system_header.hpp"

#undef min
#undef max
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define small char
#define near
#define far
#define interface struct
#define IN
#define OUT
#define TRUE 1
#define FALSE 0
#define ERROR 0
#undef DOMAIN
#define DOMAIN 1
#undef OVERFLOW
#define OVERFLOW 3
#undef I
#define I (1.0fi)

#include "every_header.hpp"

#if !defined(min) || !defined(max)
#error "a header of the library undefines the program's own macros"
#endif
