// expect: (use of deleted function|call to deleted function)[^\n]*adopt_unit
#include <unitsphere/unitsphere.hpp>

unitsphere::matrix<float> rows();
unitsphere::unit_view<> wrong() { return unitsphere::adopt_unit(rows()); }
