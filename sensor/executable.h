#ifndef SENSOR_EXECUTABLE_H
#define SENSOR_EXECUTABLE_H

#include <stddef.h>
#include <stdint.h>

/* The formats of programs, by their first octets. */
enum executable {
	EXECUTABLE_NONE,
	EXECUTABLE_PE,     /* Windows; the MS-DOS header before it */
	EXECUTABLE_ELF,    /* System V ABI, "ELF Header" */
	EXECUTABLE_MACH_O, /* macOS, thin or fat; not Java's classes */
	EXECUTABLE_SCRIPT, /* "#!" and a path */
};

/* 16 octets are enough for each; of fewer less is known. */
enum executable executable_of(const uint8_t *octets, size_t len);

/* "PE", "ELF", "Mach-O", "script"; "" for none. */
const char *executable_name(enum executable kind);

#endif
