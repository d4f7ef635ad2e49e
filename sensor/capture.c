#include <stdarg.h>
#include <stdio.h>

#include "sensor/capture_ops.h"

#define REPORT_LEN_MAX 1024

enum capture_state
capture_poll(struct capture *capture, packet_handler handle, void *arg)
{
	return capture->ops->poll(capture, handle, arg);
}

void
capture_stop(struct capture *capture)
{
	capture->ops->stop(capture);
}

void
capture_get_counts(struct capture *capture, struct capture_counts *out)
{
	capture->ops->get_counts(capture, out);
}

const char *
capture_source_name(const struct capture *capture, uint16_t source)
{
	return capture->ops->source_name(capture, source);
}

void
capture_progress(const struct capture *capture, uint64_t *done, uint64_t *total)
{
	capture->ops->progress(capture, done, total);
}

void
capture_free(struct capture *capture)
{
	if (capture != NULL)
		capture->ops->free(capture);
}

void
capture_tell(const struct capture_reporter *reporter, const char *format, ...)
{
	char message[REPORT_LEN_MAX];
	va_list ap;

	if (reporter->report == NULL)
		return;
	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	for (char *c = message; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	reporter->report(reporter->arg, message);
}
