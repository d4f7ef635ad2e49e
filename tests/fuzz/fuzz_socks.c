#include <stdlib.h>

#include "decoders/socks.h"

/* A request that is read stays the same whatever follows it. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socks_request request, again;
	size_t consumed, consumed_again;

	if (socks_request_decode(cur_of(data, size), &request, &consumed) !=
	    DECODE_OK) {
		require(consumed == 0);
		return 0;
	}
	require(consumed > 0 && consumed <= size);
	require(request.has_address != (request.name.left > 0));
	require(socks_request_decode(cur_of(data, consumed), &again,
		    &consumed_again) == DECODE_OK);
	require(consumed_again == consumed && again.port == request.port);
	require(socks_request_decode(cur_of(data, consumed - 1), &again,
		    &consumed_again) == DECODE_SHORT);
	return 0;
}
