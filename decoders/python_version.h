#ifndef DECODERS_PYTHON_VERSION_H
#define DECODERS_PYTHON_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/cursor.h"

/* Longer versions are nobody's. */
#define PYTHON_VERSION_LEN_MAX 128

/*
 * A version of a Python package in the one form that PEP 440 gives to all its
 * spellings ("1.0-RC.1" is 1.0rc1), NUL-terminated.  Zeros at the end of a
 * release are kept: 1.0 and 1.0.0 are two texts.  False where it is no version
 * or too long; *out is then undefined.
 */
bool python_version_normal(struct cursor text,
    char out[PYTHON_VERSION_LEN_MAX + 1], size_t *out_len);

#endif
