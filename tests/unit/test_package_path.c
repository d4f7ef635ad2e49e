#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/package_path.h"
#include "decoders/purl.h"
#include "decoders/python_version.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct fetch {
	const char *name, *host, *path, *purl;
};

#define BLAKE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
#define SHA   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The path in a block of its exact size, for the sanitizer. */
static bool
read_path(const char *host, const char *path, size_t len,
    struct package_path *out)
{
	char *block = malloc(len + 1);
	bool found;

	assert_non_null(block);
	memcpy(block + 1, path, len);
	found = package_path_read(cur_of(host, strlen(host)),
	    cur_of(block + 1, len), out);
	free(block);
	return found;
}

static void
check(const struct fetch *cases, size_t count, enum package_kind kind)
{
	struct package_path got;

	for (size_t i = 0; i < count; i++) {
		if (!read_path(cases[i].host, cases[i].path,
			strlen(cases[i].path), &got))
			fail_msg("%s: nothing", cases[i].name);
		if (strcmp(got.purl.text, cases[i].purl) != 0 ||
		    got.kind != kind)
			fail_msg("%s: %s, kind %d", cases[i].name,
			    got.purl.text, got.kind);
		assert_int_equal(got.purl.len, strlen(got.purl.text));
		assert_int_equal(got.purl.package_len,
		    strcspn(got.purl.text, "?"));
	}
}

static void
npm_tarballs_are_named_by_the_directory_and_the_file(void **state)
{
	static const struct fetch cases[] = {
		{ "the registry", "npmjs.org",
		    "/axios/-/axios-1.14.1.tgz", "pkg:npm/axios@1.14.1" },
		{ "a scope", "", "/@babel/core/-/core-7.0.0.tgz",
		    "pkg:npm/%40babel/core@7.0.0" },
		{ "a scope with its slash encoded", "",
		    "/@babel%2fcore/-/core-7.0.0.tgz",
		    "pkg:npm/%40babel/core@7.0.0" },
		{ "all of a scope encoded", "",
		    "/%40babel%2Fcore/-/core-7.0.0.tgz",
		    "pkg:npm/%40babel/core@7.0.0" },
		{ "a scope repeated before the file", "",
		    "/artifactory/api/npm/local/@a/b/-/@a/b-1.0.0.tgz",
		    "pkg:npm/%40a/b@1.0.0" },
		{ "Nexus", "nexus",
		    "/repository/npm-group/axios/-/axios-0.30.4.tgz",
		    "pkg:npm/axios@0.30.4" },
		{ "Artifactory, with a query", "",
		    "/artifactory/api/npm/npm/axios/-/axios-1.14.1.tgz?dl=1",
		    "pkg:npm/axios@1.14.1" },
		{ "slashes that are doubled", "",
		    "//npm//axios/-/axios-1.14.1.tgz", "pkg:npm/axios@1.14.1" },
		{ "a prerelease", "", "/a/-/a-2026.3.28-2.tgz",
		    "pkg:npm/a@2026.3.28-2" },
		{ "a build", "", "/a/-/a-1.2.3-rc.1+b.5.tgz",
		    "pkg:npm/a@1.2.3-rc.1%2Bb.5" },
		{ "a build, encoded", "", "/a/-/a-1.2.3%2Bb.tgz",
		    "pkg:npm/a@1.2.3%2Bb" },
		{ "a name that looks like a version", "",
		    "/a-1.0.0/-/a-1.0.0-2.0.0.tgz", "pkg:npm/a-1.0.0@2.0.0" },
		{ "capitals, which were allowed once", "",
		    "/JSONStream/-/JSONStream-1.3.5.tgz",
		    "pkg:npm/JSONStream@1.3.5" },
	};

	(void)state;
	check(cases, LENGTH(cases), PACKAGE_FILE);
}

static void
python_files_are_read_as_pep_427_440_and_503_have_it(void **state)
{
	static const struct fetch cases[] = {
		{ "a wheel", "pythonhosted.org",
		    "/packages/ab/cd/" BLAKE "/litellm-1.82.7-py3-none-any.whl",
		    "pkg:pypi/litellm@1.82.7" },
		{ "a wheel anywhere, its name made normal", "",
		    "/whl/My.Pkg_x-1.0-cp311-cp311-linux_x86_64.whl",
		    "pkg:pypi/my-pkg-x@1.0" },
		{ "a wheel with a build number", "",
		    "/a-1.0-2b-py2.py3-none-any.whl", "pkg:pypi/a@1.0" },
		{ "a wheel with a local version", "",
		    "/whl/cpu/torch-2.0.0%2Bcpu-cp311-cp311-win_amd64.whl",
		    "pkg:pypi/torch@2.0.0%2Bcpu" },
		{ "a wheel with an epoch", "", "/a-1!2.0-py3-none-any.whl",
		    "pkg:pypi/a@1%212.0" },
		{ "a wheel in devpi", "",
		    "/root/pypi/+f/abc/0123456789abc/telnyx-4.87.1-py3-none-"
		    "any.whl",
		    "pkg:pypi/telnyx@4.87.1" },
		{ "a source archive", "",
		    "/packages/ab/cd/" BLAKE "/litellm-1.82.8.tar.gz",
		    "pkg:pypi/litellm@1.82.8" },
		{ "a source archive in devpi", "",
		    "/root/pypi/+f/abc/0123456789abc/a_b-1.0rc1.zip",
		    "pkg:pypi/a-b@1.0rc1" },
		{ "a source archive in Nexus", "",
		    "/repository/pypi/packages/a-b/1.0/a-b-1.0.tar.gz",
		    "pkg:pypi/a-b@1.0" },
		{ "the old layout", "",
		    "/packages/source/D/Django/Django-1.11.1.tar.gz",
		    "pkg:pypi/django@1.11.1" },
		{ "GitLab", "",
		    "/api/v4/projects/1/packages/pypi/files/" SHA
		    "/a-1.0.tar.gz",
		    "pkg:pypi/a@1.0" },
		{ "Artifactory", "",
		    "/artifactory/api/pypi/p/x/1.0/a-1.0.tar.gz",
		    "pkg:pypi/a@1.0" },
		{ "a static index", "", "/simple/a/a-1.0.tar.gz",
		    "pkg:pypi/a@1.0" },
		{ "dashes in the name", "",
		    "/packages/ab/cd/" BLAKE "/a-2-b-1.0.tar.gz",
		    "pkg:pypi/a-2-b@1.0" },
		{ "a dash that belongs to the version", "",
		    "/packages/ab/cd/" BLAKE "/a-1.0-1.tar.gz",
		    "pkg:pypi/a@1.0.post1" },
		{ "a directory that says otherwise", "",
		    "/simple/a-1-0/a-1.0-1.tar.gz", "pkg:pypi/a-1-0@1" },
	};

	(void)state;
	check(cases, LENGTH(cases), PACKAGE_FILE);
}

static void
crates_and_gems_are_told_from_their_versions_and_platforms(void **state)
{
	static const struct fetch cases[] = {
		{ "the registry's interface", "crates.io",
		    "/api/v1/crates/rand/0.7.2/download",
		    "pkg:cargo/rand@0.7.2" },
		{ "the registry's files", "crates.io",
		    "/crates/rand_core/rand_core-0.7.2.crate",
		    "pkg:cargo/rand_core@0.7.2" },
		{ "without its directory", "crates.io",
		    "/rand/0.7.2/download", "pkg:cargo/rand@0.7.2" },
		{ "a mirror whose path has the word", "",
		    "/repository/cargo-proxy/rand/0.7.2-rc.1/download",
		    "pkg:cargo/rand@0.7.2-rc.1" },
		{ "dashes and digits in the name", "",
		    "/crates/x/my-crate-2-1.0.0-a-1.crate",
		    "pkg:cargo/my-crate-2@1.0.0-a-1" },
		{ "a gem", "rubygems.org", "/gems/rails-7.0.1.gem",
		    "pkg:gem/rails@7.0.1" },
		{ "a gem for a platform", "",
		    "/artifactory/api/gems/g/gems/"
		    "google-protobuf-3.21.0-x86_64-linux-gnu.gem",
		    "pkg:gem/"
		    "google-protobuf@3.21.0?platform=x86_64-linux-gnu" },
		{ "a gem of Java", "", "/gems/jruby-launcher-1.1.2-java.gem",
		    "pkg:gem/jruby-launcher@1.1.2?platform=java" },
		{ "a gem whose name ends in a number", "",
		    "/gems/foo-2-1.0.pre1.gem", "pkg:gem/foo-2@1.0.pre1" },
	};

	(void)state;
	check(cases, LENGTH(cases), PACKAGE_FILE);
}

static void
maven_groups_begin_behind_the_mirror(void **state)
{
	static const struct fetch cases[] = {
		{ "the registry", "maven.org",
		    "/maven2/org/apache/maven/maven-core/3.8.1/"
		    "maven-core-3.8.1.jar",
		    "pkg:maven/org.apache.maven/maven-core@3.8.1" },
		{ "Nexus, and a group of one part", "",
		    "/nexus/repository/maven-public/junit/junit/4.13/"
		    "junit-4.13.jar",
		    "pkg:maven/junit/junit@4.13" },
		{ "Nexus 2", "",
		    "/nexus/content/groups/public/ch/qos/logback/"
		    "logback-core/1.2.3/logback-core-1.2.3.jar",
		    "pkg:maven/ch.qos.logback/logback-core@1.2.3" },
		{ "Artifactory", "",
		    "/artifactory/libs-release/javax/inject/javax.inject/1/"
		    "javax.inject-1.jar",
		    "pkg:maven/javax.inject/javax.inject@1" },
		{ "GitLab", "",
		    "/api/v4/projects/1/packages/maven/de/a/b/1.0/b-1.0.jar",
		    "pkg:maven/de.a/b@1.0" },
		{ "a prefix that nobody knows", "",
		    "/mvn/proxy/org/slf4j/slf4j-api/2.0/slf4j-api-2.0.jar",
		    "pkg:maven/org.slf4j/slf4j-api@2.0" },
		{ "a prefix with a dot in it", "",
		    "/repo.example/ant/ant/1.6/ant-1.6.jar",
		    "pkg:maven/ant/ant@1.6" },
		{ "no prefix", "", "/ant/ant/1.6/ant-1.6.jar",
		    "pkg:maven/ant/ant@1.6" },
		{ "a classifier", "",
		    "/maven2/io/netty/x/1.0.Final/"
		    "x-1.0.Final-linux-x86_64.jar",
		    "pkg:maven/io.netty/x@1.0.Final?classifier=linux-x86_64" },
		{ "another packaging", "", "/maven2/org/a/b/1.0/b-1.0-web.war",
		    "pkg:maven/org.a/b@1.0?classifier=web&type=war" },
		{ "a snapshot by its time", "",
		    "/repository/snapshots/org/a/b/1.0-SNAPSHOT/"
		    "b-1.0-20260331.002158-12-sources.jar",
		    "pkg:maven/org.a/b@1.0-SNAPSHOT?classifier=sources" },
	};

	(void)state;
	check(cases, LENGTH(cases), PACKAGE_FILE);
}

static void
debian_packages_have_a_vendor_where_something_tells_it(void **state)
{
	static const struct fetch cases[] = {
		{ "by the directory", "",
		    "/debian/pool/main/c/curl/curl_7.88.1-10_amd64.deb",
		    "pkg:deb/debian/curl@7.88.1-10?arch=amd64" },
		{ "by the version", "",
		    "/apt/pool/main/c/curl/curl_7.88.1-10ubuntu1_amd64.deb",
		    "pkg:deb/ubuntu/curl@7.88.1-10ubuntu1?arch=amd64" },
		{ "by a security update", "",
		    "/x/pool/updates/main/c/curl/"
		    "curl_7.88.1-10+deb12u5_arm64.deb",
		    "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=arm64" },
		{ "by the host", "debian.org",
		    "/x/pool/main/libc/libcap2/libcap2_1%3a2.66-4_amd64.deb",
		    "pkg:deb/debian/libcap2@1:2.66-4?arch=amd64" },
		{ "an epoch that is encoded twice", "ubuntu.com",
		    "/ubuntu/pool/main/a/attr/attr_1%253a2.4~rc1-2_all.deb",
		    "pkg:deb/ubuntu/attr@1:2.4~rc1-2?arch=all" },
		{ "not at all", "", "/repository/apt/pool/g/g++/g++_4_i386.deb",
		    "pkg:deb/g%2B%2B@4?arch=i386" },
	};

	(void)state;
	check(cases, LENGTH(cases), PACKAGE_FILE);
}

static void
what_is_beside_a_package_is_metadata(void **state)
{
	static const struct fetch cases[] = {
		{ "PEP 658", "", "/a-1.0-py3-none-any.whl.metadata",
		    "pkg:pypi/a@1.0" },
		{ "a POM", "", "/maven2/org/a/b/1.0/b-1.0.pom",
		    "pkg:maven/org.a/b@1.0?type=pom" },
		{ "a checksum", "", "/maven2/org/a/b/1.0/b-1.0.jar.sha1",
		    "pkg:maven/org.a/b@1.0" },
		{ "a signature's checksum", "",
		    "/maven2/org/a/b/1.0/b-1.0.jar.asc.md5",
		    "pkg:maven/org.a/b@1.0" },
		{ "a gem's description", "",
		    "/quick/Marshal.4.8/rails-7.0.1.gemspec.rz",
		    "pkg:gem/rails@7.0.1" },
	};

	(void)state;
	check(cases, LENGTH(cases), PACKAGE_METADATA);
}

static void
near_misses_are_no_packages(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"axios/-/axios-1.14.1.tgz",
		/* npm: another directory, name, scope, or version */
		"/axios",
		"/axios/1.14.1",
		"/axios/axios-1.14.1.tgz",
		"/axios/x/axios-1.14.1.tgz",
		"/axios/-/axios.tgz",
		"/axios/-/axios-.tgz",
		"/axios/-/axios-1.14.tgz",
		"/axios/-/axios-1.14.01.tgz",
		"/axios/-/axios-1.14.1-.tgz",
		"/axios/-/axios-1.14.1-a..b.tgz",
		"/axios/-/axios-1.14.1+.tgz",
		"/axios/-/axios-latest.tgz",
		"/axios/-/other-1.14.1.tgz",
		"/axios/-/axios-1.14.1.tar.gz",
		"/axios/-/Axios-1.14.1.tgz",
		"/.axios/-/.axios-1.14.1.tgz",
		"/ax%20ios/-/ax%20ios-1.14.1.tgz",
		"/-/axios-1.14.1.tgz",
		"/b/-/@a/b-1.0.0.tgz",
		"/@a/b/-/@c/b-1.0.0.tgz",
		"/@/b/-/b-1.0.0.tgz",
		"/group/project/-/archive/v1.0.0/project-1.0.0.tgz",
		"/x?/axios/-/axios-1.14.1.tgz",
		"/x#/axios/-/axios-1.14.1.tgz",
		"/axios/-/axios-1.14.1.tgz/x",
		/* a wheel of other than five or six parts */
		"/a-1.0-py3-none.whl",
		"/a-1.0-1-2-py3-none-any.whl",
		"/a-1.0-x-py3-none-any.whl",
		"/a-one-py3-none-any.whl",
		"/a-1.0-none-none-any.whl",
		"/a-1.0-py3--any.whl",
		"/big.whl",
		/* archives outside an index */
		"/downloads/a-1.0.tar.gz",
		"/packages/a-1.0.tar.gz",
		"/archive/v1.0/a-1.0.zip",
		"/packages/ab/cd/0123/a-1.0.tar.gz",
		"/packages/ab/cd/" BLAKE "/a.tar.gz",
		"/simple/b/a-1.0.tar.gz",
		"/packages/b/1.0/a-1.0.tar.gz",
		"/simple/litellm/",
		/* downloads of others */
		"/projects/foo/files/foo/1.2.3/download",
		"/crates/foo/1.2/download",
		"/crates/1foo/1.2.3/download",
		"/api/v1/crates/foo/download",
		"/crates/foo/1.2.3/downloads",
		"/wine/bordeaux-1.2.3.crate",
		"/cargoes/foo/1.2.3/download",
		/* gems */
		"/files/rails-7.0.1.gem",
		"/gems/rails.gem",
		"/gems/rails-x.gem",
		"/gems/rails-7.0.1-edge.gem",
		"/gems/7.0.1.gem",
		/* Maven: the file, version or group does not fit */
		"/org/a/b/1.0/c-1.0.jar",
		"/org/a/b/1.0/b-1.1.jar",
		"/org/a/b/1.0/b-1.0x.jar",
		"/org/a/b/1.0/b-1.0-.jar",
		"/org/a/b/1.0/b.jar",
		"/b/1.0/b-1.0.jar",
		"/lib/js/min/js-min.jar",
		"/repository/x/b/1.0/b-1.0.jar",
		"/org/a/b/1.0-SNAPSHOT/b-1.0-20260331-12.jar",
		"/org/a/b/maven-metadata.xml",
		"/org/a b/b/1.0/b-1.0.jar",
		/* Debian: outside a pool, or parts missing */
		"/debian/main/c/curl/curl_7.88.1_amd64.deb",
		"/debian/pool/main/c/curl/curl_amd64.deb",
		"/debian/pool/main/c/curl/curl_7.88.1.deb",
		"/debian/pool/main/c/curl/curl_7_88_amd64.deb",
		"/debian/pool/main/c/curl/curl_x7_amd64.deb",
		"/debian/pool/main/c/curl/curl_7.88.1-10.dsc",
		"/debian/pool/main/c/curl/c%00url_7.88.1_amd64.deb",
		"/pool/google-chrome-stable_current_amd64.deb",
	};
	struct package_path got;

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++)
		if (read_path("", paths[i], strlen(paths[i]), &got))
			fail_msg("%s is %s", paths[i], got.purl.text);
}

/* 214 octets, docs.npmjs.com; ours for the path and its parts. */
static void
lengths_have_their_bounds(void **state)
{
	char name[216], path[PACKAGE_PATH_LEN_MAX * 2];
	struct package_path got;

	(void)state;
	for (size_t len = 214; len <= 215; len++) {
		memset(name, 'a', len);
		name[len] = '\0';
		snprintf(path, sizeof path, "/%s/-/%s-1.0.0.tgz", name, name);
		assert_int_equal(read_path("", path, strlen(path), &got),
		    len == 214);
	}
	memset(path, 'a', sizeof path);
	path[0] = '/';
	memcpy(path + PACKAGE_PATH_LEN_MAX, "/a/-/a-1.0.0.tgz", 17);
	assert_false(read_path("", path, strlen(path), &got));
	path[0] = '\0';
	for (size_t i = 0; i < PACKAGE_PATH_PARTS_MAX - 3; i++)
		strcat(path, "/x");
	strcat(path, "/a/-/a-1.0.0.tgz");
	assert_true(read_path("", path, strlen(path), &got));
	memmove(path + 2, path, strlen(path) + 1);
	assert_false(read_path("", path, strlen(path), &got));
}

static void
every_prefix_of_a_path_has_an_answer(void **state)
{
	static const char *const paths[] = {
		"/artifactory/api/npm/n/%40a%2fb/-/@a/b-1.0.0-x+y.tgz?q",
		"/packages/ab/cd/" BLAKE "/a_b-1!1.0rc1-1-cp311-abi3-x.whl.asc",
		"/repository/r/org/a/b/1-SNAPSHOT/b-1-20260331.002158-1-c.war",
		"/gems/a-b-1.0-x86_64-linux.gem",
		"/api/v1/crates/a/1.0.0/download",
		"/ubuntu/pool/main/a/attr/attr_1%253a2.4_all.deb",
	};
	struct package_path got;

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++)
		for (size_t len = 0; len <= strlen(paths[i]); len++)
			(void)read_path("h", paths[i], len, &got);
}

/* Expected values: the Python package packaging, str(Version(text)). */
static void
python_versions_have_one_spelling(void **state)
{
	static const struct {
		const char *text, *normal;
	} cases[] = {
		{ "1.0", "1.0" },
		{ "1.0.0", "1.0.0" },
		{ "v1.0", "1.0" },
		{ "1!2.0", "1!2.0" },
		{ "0!1.0", "1.0" },
		{ "1.0-RC.1", "1.0rc1" },
		{ "1.0alpha", "1.0a0" },
		{ "1.0_beta2", "1.0b2" },
		{ "1.0.preview-3", "1.0rc3" },
		{ "1.0c4", "1.0rc4" },
		{ "1.0-1", "1.0.post1" },
		{ "1.0.rev2", "1.0.post2" },
		{ "1.0-r", "1.0.post0" },
		{ "1.0.post", "1.0.post0" },
		{ "1.0.DEV", "1.0.dev0" },
		{ "1.0-dev-3", "1.0.dev3" },
		{ "1.0a1.post2.dev3", "1.0a1.post2.dev3" },
		{ "01.002", "1.2" },
		{ "1.0+Ubuntu-1_02", "1.0+ubuntu.1.2" },
		{ "1.0+cpu", "1.0+cpu" },
		{ "2026.3.31", "2026.3.31" },
		{ "1.0pre", "1.0rc0" },
	};
	static const char *const bad[] = { "1.0-", "1.0.x", "abc", "1.0+",
		"1.0+a..b", "1..0", "", "1.0 ", "1!", "1.0a1a",
		"1.0dev1post1" };
	char normal[PYTHON_VERSION_LEN_MAX + 1], digits[200];
	size_t len;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_true(python_version_normal(cur_of(cases[i].text,
						      strlen(cases[i].text)),
		    normal, &len));
		assert_string_equal(normal, cases[i].normal);
		assert_int_equal(len, strlen(normal));
	}
	for (size_t i = 0; i < LENGTH(bad); i++)
		if (python_version_normal(cur_of(bad[i], strlen(bad[i])),
			normal, &len))
			fail_msg("%s is %s", bad[i], normal);
	memset(digits, '1', sizeof digits);
	assert_true(
	    python_version_normal(cur_of(digits, PYTHON_VERSION_LEN_MAX),
		normal, &len));
	assert_false(
	    python_version_normal(cur_of(digits, PYTHON_VERSION_LEN_MAX + 1),
		normal, &len));
}

/* github.com/package-url/purl-spec, tests, and the types' definitions. */
static void
package_urls_are_read_as_they_are_written(void **state)
{
	static const struct {
		const char *text, *purl;
	} cases[] = {
		{ "pkg:npm/foobar@12.3.1", "pkg:npm/foobar@12.3.1" },
		{ "PKG:NPM/foobar@12.3.1", "pkg:npm/foobar@12.3.1" },
		{ "pkg://npm/foobar@12.3.1", "pkg:npm/foobar@12.3.1" },
		{ "pkg:npm/%40angular/animation@12.3.1",
		    "pkg:npm/%40angular/animation@12.3.1" },
		{ "pkg:npm/@angular/animation@12.3.1",
		    "pkg:npm/%40angular/animation@12.3.1" },
		{ "pkg:npm//@babel/core", "pkg:npm/%40babel/core" },
		{ "pkg:npm/@babel/core#/googleapis/api/annotations/",
		    "pkg:npm/%40babel/core" },
		{ "pkg:npm/mypackage@12.4.5?vcs_url=git://host.com/path/to/"
		  "repo.git%404345abcd34343",
		    "pkg:npm/mypackage@12.4.5" },
		{ "pkg:pypi/My.PyPI_.--._Package@1.11.1.dev1",
		    "pkg:pypi/my-pypi-package@1.11.1.dev1" },
		{ "pkg:pypi/django@1.11.1?filename=Django-1.11.1.tar.gz",
		    "pkg:pypi/django@1.11.1" },
		{ "pkg:cargo/rand@0.7.2", "pkg:cargo/rand@0.7.2" },
		{ "pkg:gem/jruby-launcher@1.1.2?platform=java",
		    "pkg:gem/jruby-launcher@1.1.2" },
		{ "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?type=pom",
		    "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1" },
		{ "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64",
		    "pkg:deb/debian/attr@1:2.4.47-2%2Bb1" },
		{ "pkg:deb/Debian/attr@1%3A2.4.47-2+b1",
		    "pkg:deb/debian/attr@1:2.4.47-2%2Bb1" },
	};
	static const char *const bad[] = { "", "pkg", "pkg:", "pkg:npm",
		"pkg:npm/", "npm/a@1.0.0", "pkg:npm/foobar@", "pkg:npm/@1.0.0",
		"pkg:npm/.foobar@1.0.0", "pkg:npm/_foobar@1.0.0",
		"pkg:npm/foo%F0%9F%98%83bar@1.0.0", "pkg:npm/scope/a@1.0.0",
		"pkg:npm/a@^1.0.0", "pkg:npm/a@1", "pkg:npm/a%2@1.0.0",
		"pkg:npm/%40a%2Fb@1.0.0", "pkg:maven/@1.3.4",
		"pkg:maven/junit@1.0", "pkg:pypi/a/b@1.0", "pkg:pypi/a@x",
		"pkg:cargo/a@1.0", "pkg:n&g?inx/nginx@0.8.9",
		"pkg:golang/example.com/a@v1.0.0", "pkg%3Anpm/a@1.0.0" };
	char block[PURL_LEN_MAX * 3];
	struct purl_text purl;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		reason = purl_read(cur_of(cases[i].text, strlen(cases[i].text)),
		    &purl);
		if (reason != NULL)
			fail_msg("%s: %s", cases[i].text, reason);
		assert_string_equal(purl.text, cases[i].purl);
	}
	for (size_t i = 0; i < LENGTH(bad); i++)
		if (purl_read(cur_of(bad[i], strlen(bad[i])), &purl) == NULL)
			fail_msg("%s is %s", bad[i], purl.text);
	memset(block, 'a', sizeof block);
	memcpy(block, "pkg:maven/", 10);
	block[400] = '/';
	assert_null(purl_read(cur_of(block, PURL_LEN_MAX), &purl));
	assert_non_null(purl_read(cur_of(block, PURL_LEN_MAX + 1), &purl));
	assert_non_null(purl_read(cur_of(block, sizeof block), &purl));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    npm_tarballs_are_named_by_the_directory_and_the_file),
		cmocka_unit_test(
		    python_files_are_read_as_pep_427_440_and_503_have_it),
		cmocka_unit_test(
		    crates_and_gems_are_told_from_their_versions_and_platforms),
		cmocka_unit_test(maven_groups_begin_behind_the_mirror),
		cmocka_unit_test(
		    debian_packages_have_a_vendor_where_something_tells_it),
		cmocka_unit_test(what_is_beside_a_package_is_metadata),
		cmocka_unit_test(near_misses_are_no_packages),
		cmocka_unit_test(lengths_have_their_bounds),
		cmocka_unit_test(every_prefix_of_a_path_has_an_answer),
		cmocka_unit_test(python_versions_have_one_spelling),
		cmocka_unit_test(package_urls_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
