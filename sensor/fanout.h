#ifndef SENSOR_FANOUT_H
#define SENSOR_FANOUT_H

#include <stdbool.h>

/*
 * Sharing an interface's packets between workers: each has a packet socket of
 * its own and joins the interface's fanout group, where the kernel chooses by
 * a hash that is the same for both directions of a flow.
 *
 * The hash chooses a place in the order in which the sockets joined.  Where a
 * tap delivers each direction on its own interface, a flow is only whole with
 * one worker if the order is the same in each group.  Therefore worker N waits
 * until N others have joined.
 */
enum fanout {
	FANOUT_JOINED,
	FANOUT_LATER, /* it is another worker's turn */
	FANOUT_ERROR, /* errno */
};

enum fanout fanout_join(int fd, unsigned interface_index, unsigned worker);
void fanout_leave(unsigned interface_index);

#endif
