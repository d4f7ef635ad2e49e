#include <errno.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sensor/fanout.h"

/* Interfaces that are captured from at the same time, in this process. */
#define GROUPS_MAX 256

/* The one thing that workers share; it is touched when sockets are opened. */
static struct {
	pthread_mutex_t mutex;
	struct {
		unsigned interface_index;
		unsigned joined; /* 0: free */
	} groups[GROUPS_MAX];
} shared = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* The group's place in the table, or GROUPS_MAX. */
static size_t
find(unsigned interface_index)
{
	size_t i = 0;

	while (i < GROUPS_MAX &&
	       (shared.groups[i].joined == 0 ||
		   shared.groups[i].interface_index != interface_index))
		i++;
	return i;
}

static size_t
find_free(void)
{
	size_t i = 0;

	while (i < GROUPS_MAX && shared.groups[i].joined > 0)
		i++;
	return i;
}

/* Fragments have no ports to hash, so the kernel puts datagrams together. */
static int
join(int fd, unsigned interface_index)
{
	unsigned id = ((unsigned)getpid() + interface_index * 257) & 0xffff;
	unsigned how = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG;
	unsigned argument = id | how << 16;

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument,
	    sizeof(argument));
}

static enum fanout
join_in_turn(int fd, unsigned interface_index, unsigned worker)
{
	size_t i = find(interface_index);
	unsigned joined = i < GROUPS_MAX ? shared.groups[i].joined : 0;

	/* More than `worker` is possible where one socket alone had failed. */
	if (joined < worker)
		return FANOUT_LATER;
	if (i == GROUPS_MAX && (i = find_free()) == GROUPS_MAX) {
		errno = ENOBUFS;
		return FANOUT_ERROR;
	}
	if (join(fd, interface_index) == -1)
		return FANOUT_ERROR;
	shared.groups[i].interface_index = interface_index;
	shared.groups[i].joined++;
	return FANOUT_JOINED;
}

enum fanout
fanout_join(int fd, unsigned interface_index, unsigned worker)
{
	enum fanout result;

	pthread_mutex_lock(&shared.mutex);
	result = join_in_turn(fd, interface_index, worker);
	pthread_mutex_unlock(&shared.mutex);
	return result;
}

void
fanout_leave(unsigned interface_index)
{
	size_t i;

	pthread_mutex_lock(&shared.mutex);
	i = find(interface_index);
	if (i < GROUPS_MAX)
		shared.groups[i].joined--;
	pthread_mutex_unlock(&shared.mutex);
}
