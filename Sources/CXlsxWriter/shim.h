// The door to libxlsxwriter.
#pragma once
#include <xlsxwriter.h>
