// The door to OpenBLAS: CBLAS and the calls that tell which kernels were chosen.
#pragma once
#include <cblas.h>
