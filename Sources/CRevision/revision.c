#include "CRevision.h"

const char *const plimsoll_revision = PLIMSOLL_COMMIT;
