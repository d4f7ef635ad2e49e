#ifndef SENSOR_CONFIG_H
#define SENSOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sensor/event_types.h"
#include "sensor/options.h"
#include "sensor/segments.h"

/*
 * What the sensor was told to do: defaults, then the YAML file, then the
 * command line.  Keys and members have the same names; the numbers in
 * brackets are the default and the range that the file may ask for, and are
 * kept in config_keys.c.
 */

/* Owned strings; `text` may be NULL where `count` is 0. */
struct text_list {
	char **text;
	unsigned count;
};

void text_list_fini(struct text_list *list);

struct config_capture {
	struct text_list
	    interfaces;      /* live, where neither -r nor -i is given */
	char *filter;        /* BPF; "" for none */
	uint32_t snap_bytes; /* [262144; 128..262144] */
	uint32_t buffer_mib; /* [64; 1..2047] ring of an interface and worker */
	uint32_t workers;    /* [1; 0..256] live; 0: one for each core */
	bool promiscuous;    /* [true] */
	bool vlan_in_flow;   /* [true] VLAN ids are part of a flow's identity */
	char *zip_password;  /* of stored captures; "" for none */
};

struct config_segment {
	char *name;
	char *role;                /* "" where none is given */
	struct text_list networks; /* CIDR; checked when it was loaded */
	uint16_t *vlans;
	unsigned vlan_count;
};

/* Segments' names, or "internal": all of ours, "external": all else. */
struct config_egress {
	char *from, *to;
};

#define CONFIG_EGRESS_MAX 1024

/* What hits are explained with. */
struct config_enrichment {
	/* MaxMind databases; none: those that are found; "none": none. */
	struct text_list geoip;
	bool ndpi; /* [true] application, category and risks of flows */
};

struct config_indicators {
	struct text_list paths; /* none: the bundled sets */
	/* Implant profiles (JSON), files or folders; none: the bundled ones. */
	struct text_list profiles;
	/*
	 * Lists of domains and networks of trusted services, whose polling is
	 * no beacon; none: the bundled list.
	 */
	struct text_list allow;
	bool accept_shrink; /* [false] reload a set under half of the old */
};

/*
 * From when on the timing of a pair is an alert, for sources in segments of
 * one role; all three must be reached.
 */
struct config_beacon_role {
	char *role;      /* "": every role that no other item names */
	double score;    /* 0..1 */
	uint32_t count;  /* 3..1000000; moments at which it was asked */
	uint32_t span_s; /* 0..2592000; from the first to the last */
};

struct config_beacons {
	bool enabled; /* [true] */
	/* No two have the same role.  Who is in none: built-in thresholds. */
	struct config_beacon_role *roles;
	unsigned role_count;
};

#define CONFIG_BEACON_ROLES_MAX 256

/* What is noticed without a list; docs/behaviours.md. */
struct config_behaviours {
	bool plain_post_to_address; /* [true] */
	bool executable_download;   /* [true] */
	bool dead_user_agent;       /* [true] */
};

struct config_detection {
	uint32_t repeat_s;    /* [3600; 1..2592000] */
	uint32_t dns_grace_s; /* [300; 0..604800] */
	struct config_beacons beacons;
	struct config_behaviours behaviours;
};

/* What a policy lets out: any of these is enough. */
struct config_policy_allow {
	struct text_list lists;     /* names of bundled lists; paths */
	struct text_list domains;   /* with all below them, perhaps a port */
	struct text_list networks;  /* CIDR, perhaps a port */
	struct text_list ports;     /* "443", "123/udp", "8000-8010/tcp" */
	struct text_list countries; /* ISO 3166-1 alpha-2, upper case */
	struct text_list asns;      /* "64500", "AS64500" */
};

/* What it does not, even where that is allowed. */
struct config_policy_deny {
	struct text_list services; /* kinds, sensor/services.h */
	struct text_list countries, asns;
};

/* Of segments with one of the roles or names; without either, of all. */
struct config_policy {
	char *name;                       /* unique */
	struct text_list roles, segments; /* role "": every segment */
	char *mode;                       /* "alert" [alert], "observe" */
	struct config_policy_allow allow;
	struct config_policy_deny deny;
};

#define CONFIG_POLICIES_MAX 64

/* Where hits for sinks on the network wait, though the sensor ends. */
struct config_spool {
	bool enabled;     /* [true] */
	char *directory;  /* [""]: the state directory of service or user */
	uint32_t mib;     /* [256; 1..1048576] of each sink */
	char *sync;       /* [interval] or always, never */
	uint32_t sync_ms; /* [1000; 10..60000] interval */
};

#define CONFIG_SINKS_MAX 64

struct config_outputs {
	struct text_list sinks;      /* [-]; 1..CONFIG_SINKS_MAX */
	struct text_list events;     /* [alert] of sinks that name none */
	event_set event_set;         /* what `events` stands for */
	uint32_t dns_version;        /* [3; 2..3] */
	uint32_t queue_mib;          /* [64; 1..65536] of each sink */
	uint32_t wait_ms;            /* [10000; 0..3600000] */
	uint32_t connect_timeout_ms; /* [2000; 10..600000] */
	uint32_t command_timeout_ms; /* [5000; 10..600000] */
	uint32_t drain_ms;           /* [10000; 0..600000] */
	struct config_spool spool;
};

/* How long a flow without packets is remembered; [; 1..604800]. */
struct config_timeouts {
	uint32_t tcp_new_s;         /* [30] no answer yet */
	uint32_t tcp_established_s; /* [3600] */
	uint32_t tcp_closed_s;      /* [10] */
	uint32_t udp_s;             /* [60] */
	uint32_t other_s;           /* [30] */
};

struct config_limits {
	uint32_t flows;        /* [1048576; 16..268435456] */
	uint32_t stream_mib;   /* [256; 1..65536] reassembly, of all flows */
	uint32_t stream_kib;   /* [256; 4..65536] of one flow and direction */
	uint32_t fragments;    /* [4096; 1..1048576] incomplete datagrams */
	uint32_t fragment_mib; /* [16; 1..4095] held by all of them */
	uint32_t dns_memory;   /* [262144; 1..67108864] answered addresses */
	uint32_t facts;        /* [65536; 1..16777216] remembered hits */
	uint32_t pairs; /* [1048576; 1024..67108864] of source and service */
	uint32_t pair_histories; /* [65536; 64..4194304] pairs with moments */
	uint32_t ndpi_flows;     /* [8192; 1..16383] that nDPI is looking at */
	struct config_timeouts timeouts;
};

struct config {
	char *sensor_name; /* [the host's name] "host" in events */
	struct config_capture capture;
	struct config_segment *segments;
	unsigned segment_count;
	/* Pairs that count as egress; none: from internal to external. */
	struct config_egress *egress;
	unsigned egress_count;
	struct config_enrichment enrichment;
	struct config_indicators indicators;
	struct config_detection detection;
	struct config_policy *policies;
	unsigned policy_count;
	struct config_outputs outputs;
	struct config_limits limits;
};

#define CONFIG_FILE_OCTETS_MAX (1024 * 1024)

/*
 * Told of each problem; `line` is 0 where it has none.  One sentence, no
 * '\n'.  Both strings are borrowed.
 */
typedef void (*config_report)(void *arg, const char *path, unsigned line,
    const char *message);

/*
 * What only others can judge; NULL: not asked.  Each returns 0, or -1 with
 * the reason in `error`.
 */
struct config_checks {
	int (*sink)(const char *url, char *error, size_t error_size);
	int (*filter)(const char *bpf, char *error, size_t error_size);
};

/* Every key at its default; -1 where memory is short. */
int config_init(struct config *config);
/* Of an initialised config; it may be initialised anew afterwards. */
void config_fini(struct config *config);

/*
 * Loads a file over the defaults into an initialised `config`, which changes
 * only where everything was good.  Returns 0, or -1 after reporting every
 * problem that there is, by line.  `checks` may be NULL.
 */
int config_load(struct config *config, const char *path,
    const struct config_checks *checks, config_report report, void *arg);

/* The same for a text; `path` is its name in reports. */
int config_load_text(struct config *config, const char *path,
    const uint8_t *text, size_t len, const struct config_checks *checks,
    config_report report, void *arg);

/*
 * The command line wins.  -1 with the reason in `error`: there is nothing to
 * capture from, or memory is short (part may have been applied).
 */
int config_apply_options(struct config *config, const struct options *options,
    char *error, size_t error_size);

/*
 * The configured segments, and which pairs of them are egress, compiled; *out
 * is the caller's to free.
 */
int config_segments(const struct config *config, struct segments **out,
    char *error, size_t error_size);

/*
 * The effective values as YAML that gives the same configuration when it is
 * loaded, save for passwords, which are printed as ***.
 */
void config_print(FILE *to, const struct config *config);

#endif
