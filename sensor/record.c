#include <stdarg.h>
#include <stdio.h>

#include "sensor/record.h"

enum record
record_corrupt(struct record_stop *stop, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(stop->why, sizeof(stop->why), format, ap);
	va_end(ap);
	return RECORD_CORRUPT;
}
