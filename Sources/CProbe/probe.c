#define _GNU_SOURCE
#include "CProbe.h"

void probe_escape(const void *pointer) { __asm__ volatile("" : : "r"(pointer) : "memory"); }
