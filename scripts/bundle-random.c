// Random bits for the C++ library inside the bundle. Its std::random_device, which nothing here uses, calls
// arc4random of the GNU C library 2.36; with this one in its place the bundle also starts on 2.35 hosts.
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

uint32_t arc4random(void) {
  uint32_t bits;
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) abort();
  return bits;
}
