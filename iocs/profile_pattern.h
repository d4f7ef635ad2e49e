#ifndef IOCS_PROFILE_PATTERN_H
#define IOCS_PROFILE_PATTERN_H

#include <stdbool.h>

#include "decoders/cursor.h"

/*
 * The shape of a short text.  Octets stand for themselves, and
 *   {digits}    one or more of 0-9
 *   {letters}   one or more of A-Z a-z
 *   {name}      one or more of A-Z a-z 0-9 - _ . with a dot among them
 *   {hex12}     exactly so many (1 to 99) of 0-9 a-f
 * each as many as there are: there is no going back.
 */
bool profile_pattern_valid(const char *pattern);

/* Of the whole text; the pattern is valid. */
bool profile_pattern_match(const char *pattern, struct cursor text);

#endif
