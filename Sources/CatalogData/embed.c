#include "CatalogData.h"
const unsigned char *catalog_data(const char *name, size_t *count) { (void)name; *count = 0; return 0; }
