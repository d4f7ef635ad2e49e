#include <stdlib.h>

#include "decoders/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_inside(struct cursor window, const uint8_t *data, size_t size)
{
	if (window.left == 0)
		return;
	if (window.at < data || window.left > size - (size_t)(window.at - data))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dhcp_message message;
	enum decode rc = dhcp_decode(cur_of(data, size), &message);

	(void)rc;
	require_inside(message.host_name, data, size);
	require_inside(message.full_name, data, size);
	return 0;
}
