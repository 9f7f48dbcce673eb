/* The client requests of valgrind's memcheck are macros: here they are functions. They do nothing outside valgrind. */
#include <stddef.h>
#include <valgrind/memcheck.h>

void shim_make_undefined(const void *bytes, size_t len) { VALGRIND_MAKE_MEM_UNDEFINED(bytes, len); }

void shim_make_defined(const void *bytes, size_t len) { VALGRIND_MAKE_MEM_DEFINED(bytes, len); }

/* 1 if it worked: bits that are 1 in `out` are undefined in `bytes`. */
unsigned shim_undefined_bits(const void *bytes, void *out, size_t len) {
  return VALGRIND_GET_VBITS(bytes, out, len) == 1;
}

unsigned shim_is_valgrind(void) { return RUNNING_ON_VALGRIND != 0; }
