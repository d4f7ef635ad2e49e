#include "decoders/package_path.h"

#include "decoders/python_version.h"

/* A path, decoded, without empty parts: "/a//b%20c" is "a/b c". */
struct parts {
	struct cursor host;
	size_t count;
	struct cursor part[PACKAGE_PATH_PARTS_MAX];
	char text[PACKAGE_PATH_LEN_MAX];
};

static struct cursor
from(struct cursor c, size_t len)
{
	return len == 0 ? c : (struct cursor){ c.at + len, c.left - len };
}

static struct cursor
first(struct cursor c, size_t len)
{
	return (struct cursor){ c.at, len };
}

/* The part before so many others at the end; empty where there is none. */
static struct cursor
back(const struct parts *parts, size_t i)
{
	return i < parts->count ? parts->part[parts->count - 1 - i]
	                        : cur_of("", 0);
}

static bool
equal(struct cursor a, struct cursor b)
{
	return a.left == b.left &&
	       (a.left == 0 || memcmp(a.at, b.at, a.left) == 0);
}

static bool
is(struct cursor c, const char *text)
{
	return equal(c, cur_of(text, strlen(text)));
}

static bool
is_digit(int octet)
{
	return octet >= '0' && octet <= '9';
}

static int
hex_value(uint8_t octet)
{
	if (is_digit(octet))
		return octet - '0';
	octet |= 0x20;
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

static bool
is_alnum(uint8_t octet)
{
	return is_digit(octet) ||
	       ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'z');
}

static bool
is_hex(struct cursor c, size_t len)
{
	for (size_t i = 0; i < c.left; i++)
		if (hex_value(c.at[i]) < 0)
			return false;
	return c.left == len;
}

/* "text-" at the beginning goes. */
static bool
take_with_dash(struct cursor *c, struct cursor text)
{
	if (text.left == 0 || c->left <= text.left ||
	    !equal(first(*c, text.left), text) || c->at[text.left] != '-')
		return false;
	*c = from(*c, text.left + 1);
	return true;
}

static bool
drop_ending(struct cursor *c, const char *ending)
{
	size_t len = strlen(ending);

	if (c->left < len || !is(from(*c, c->left - len), ending))
		return false;
	c->left -= len;
	return true;
}

/* Up to the octet or the end, which goes; false at the end. */
static bool
take_field(struct cursor *c, char octet, struct cursor *field)
{
	size_t len = 0;

	if (c->at == NULL)
		return false;
	while (len < c->left && c->at[len] != octet)
		len++;
	*field = first(*c, len);
	*c = len < c->left ? from(*c, len + 1) : (struct cursor){ NULL, 0 };
	return true;
}

/* Whether it is one of the words that others separate, in any case. */
static bool
has_word(struct cursor text, const char *word)
{
	size_t same = 0;
	bool here = true;

	for (size_t i = 0; i < text.left; i++) {
		if (!is_alnum(text.at[i])) {
			if (here && word[same] == '\0')
				return true;
			here = true;
			same = 0;
			continue;
		}
		here = here && word[same] != '\0' &&
		       (text.at[i] | 0x20) == word[same];
		same += here;
	}
	return here && word[same] == '\0';
}

/* The next octet of a path, decoded once; false where it ends. */
static bool
take_octet(struct cursor *path, char *out)
{
	if (path->left == 0 || path->at[0] == '?' || path->at[0] == '#')
		return false;
	*out = (char)path->at[0];
	if (*out == '%' && path->left > 2 && hex_value(path->at[1]) >= 0 &&
	    hex_value(path->at[2]) >= 0) {
		*out = (char)(hex_value(path->at[1]) << 4 |
			      hex_value(path->at[2]));
		*path = from(*path, 2);
	}
	*path = from(*path, 1);
	return true;
}

/* "%2f" is as good as '/': scopes of npm are sent like that. */
static bool
split(struct cursor path, struct parts *parts)
{
	size_t len = 0, start = 0;
	char octet;
	bool more;

	parts->count = 0;
	do {
		more = take_octet(&path, &octet);
		if (more && octet != '/') {
			if (len == sizeof parts->text)
				return false;
			parts->text[len++] = octet;
			continue;
		}
		if (len == start)
			continue;
		if (parts->count == PACKAGE_PATH_PARTS_MAX ||
		    len == sizeof parts->text)
			return false;
		parts->part[parts->count++] = cur_of(parts->text + start,
		    len - start);
		parts->text[len++] = '/';
		start = len;
	} while (more);
	return parts->count > 0;
}

static void
qualify(struct purl *purl, const char *key, struct cursor value)
{
	purl->qualifiers[purl->qualifier_count].key = key;
	purl->qualifiers[purl->qualifier_count++].value = value;
}

/* Some mirrors repeat the scope in front of the file. */
static bool
read_npm(struct parts *parts, struct cursor stem, struct purl *purl)
{
	size_t dash = back(parts, 1).left > 0 && back(parts, 1).at[0] == '@'
	                  ? 2
	                  : 1;
	struct cursor scope = back(parts, dash + 2);

	if (!is(back(parts, dash), "-"))
		return false;
	if (scope.left > 0 && scope.at[0] == '@')
		purl->space = scope;
	if (dash == 2 && !equal(back(parts, 1), purl->space))
		return false;
	purl->type = PURL_NPM;
	purl->name = back(parts, dash + 1);
	purl->version = stem;
	return take_with_dash(&purl->version, purl->name);
}

/* py3, cp311, py2.py3: PEP 425. */
static bool
is_python_tag(struct cursor tag)
{
	return tag.left >= 3 && !is_digit(tag.at[0]) && is_alnum(tag.at[0]) &&
	       !is_digit(tag.at[1]) && is_alnum(tag.at[1]) &&
	       is_digit(tag.at[tag.left - 1]);
}

/* name-version[-build]-python-abi-platform: no '-' is in any of these. */
static bool
read_wheel(struct parts *parts, struct cursor stem, struct purl *purl)
{
	struct cursor field[6];
	size_t count = 0;

	(void)parts;
	while (count < 6 && take_field(&stem, '-', &field[count]))
		count++;
	if (count < 5 || stem.at != NULL ||
	    (count == 6 && (field[2].left == 0 || !is_digit(field[2].at[0]))))
		return false;
	for (size_t i = count - 2; i < count; i++)
		if (field[i].left == 0)
			return false;
	purl->type = PURL_PYPI;
	purl->name = field[0];
	purl->version = field[1];
	return is_python_tag(field[count - 3]);
}

static bool
is_python_version(struct cursor text)
{
	char normal[PYTHON_VERSION_LEN_MAX + 1];
	size_t len;

	return text.left > 0 && is_digit(text.at[0]) &&
	       python_version_normal(text, normal, &len);
}

/*
 * Whether a source archive is in a package index: many another site has files
 * of that name.  Some directories tell the project's name.
 */
static bool
is_in_python_index(const struct parts *parts, struct cursor *project)
{
	/* pythonhosted.org and its mirrors */
	if (is_hex(back(parts, 3), 2) && is_hex(back(parts, 2), 2) &&
	    is_hex(back(parts, 1), 60))
		return true;
	/* devpi */
	if (is(back(parts, 2), "+e") ||
	    (is(back(parts, 3), "+f") && is_hex(back(parts, 2), 3) &&
		is_hex(back(parts, 1), 13)))
		return true;
	/* GitLab */
	if (is(back(parts, 3), "pypi") && is(back(parts, 2), "files") &&
	    is_hex(back(parts, 1), 64))
		return true;
	*project = back(parts, 1);
	if (is(back(parts, 2), "simple") ||
	    (is(back(parts, 4), "packages") && is(back(parts, 3), "source") &&
		back(parts, 2).left == 1))
		return true;
	/* Nexus */
	*project = back(parts, 2);
	if (is(back(parts, 3), "packages") && is_python_version(back(parts, 1)))
		return true;
	/* Artifactory */
	*project = cur_of("", 0);
	for (size_t i = 2; i < parts->count; i++)
		if (is(back(parts, i), "api") && is(back(parts, i - 1), "pypi"))
			return true;
	return false;
}

static bool
read_sdist(struct parts *parts, struct cursor stem, struct purl *purl)
{
	struct cursor project = cur_of("", 0);

	if (!is_in_python_index(parts, &project))
		return false;
	purl->type = PURL_PYPI;
	for (size_t i = 1; i < stem.left; i++) {
		if (stem.at[i] != '-')
			continue;
		purl->name = first(stem, i);
		purl->version = from(stem, i + 1);
		if (is_python_version(purl->version) &&
		    (project.left == 0 || pypi_name_equal(project, purl->name)))
			return true;
	}
	return false;
}

static bool
is_of_cargo(const struct parts *parts)
{
	static const char *const words[] = { "crates", "cargo" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (has_word(parts->host, words[i]))
			return true;
		for (size_t n = 1; n < parts->count; n++)
			if (has_word(back(parts, n), words[i]))
				return true;
	}
	return false;
}

static bool
read_crate(struct parts *parts, struct cursor stem, struct purl *purl)
{
	purl->type = PURL_CARGO;
	purl->name = back(parts, 1);
	purl->version = stem;
	if (take_with_dash(&purl->version, purl->name) &&
	    semver_is_valid(purl->version))
		return true;
	if (!is_of_cargo(parts))
		return false;
	for (size_t i = 1; i < stem.left; i++) {
		purl->name = first(stem, i);
		purl->version = from(stem, i + 1);
		if (stem.at[i] == '-' && semver_is_valid(purl->version))
			return true;
	}
	return false;
}

/* NAME/VERSION/download: other sites have that, too. */
static bool
read_download(struct parts *parts, struct cursor stem, struct purl *purl)
{
	purl->type = PURL_CARGO;
	purl->name = back(parts, 2);
	purl->version = back(parts, 1);
	return stem.left == 0 && is_of_cargo(parts);
}

/* "x86_64-linux-gnu", "java": rubygems, Gem::Platform. */
static bool
is_gem_platform(struct cursor platform)
{
	static const char *const words[] = { "x86", "x86_64", "x64", "i386",
		"i486", "i586", "i686", "arm", "armv5", "armv6", "armv7",
		"armv8", "arm64", "aarch64", "universal", "java", "jruby",
		"ruby", "mswin32", "mswin64", "mingw32", "ppc", "ppc64",
		"ppc64le", "powerpc", "powerpc64", "powerpc64le", "s390x",
		"riscv64", "loongarch64", "sparc", "sparc64", "wasm32",
		"dalvik", "dotnet", "macruby", "linux", "darwin", "freebsd" };
	struct cursor cpu;

	for (size_t i = 0; i < platform.left; i++)
		if (!is_alnum(platform.at[i]) && platform.at[i] != '_' &&
		    platform.at[i] != '-')
			return false;
	if (!take_field(&platform, '-', &cpu))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (is(cpu, words[i]))
			return true;
	return false;
}

/* NAME-VERSION[-PLATFORM] */
static bool
split_gem(struct cursor stem, struct purl *purl)
{
	struct cursor rest;

	purl->type = PURL_GEM;
	for (size_t i = 1; i < stem.left; i++) {
		rest = from(stem, i + 1);
		if (stem.at[i] != '-' || rest.left == 0 ||
		    !is_digit(rest.at[0]) ||
		    !take_field(&rest, '-', &purl->version))
			continue;
		purl->name = first(stem, i);
		if (rest.at == NULL)
			return true;
		if (!is_gem_platform(rest))
			continue;
		if (!is(rest, "ruby"))
			qualify(purl, "platform", rest);
		return true;
	}
	return false;
}

static bool
read_gem(struct parts *parts, struct cursor stem, struct purl *purl)
{
	return is(back(parts, 1), "gems") && split_gem(stem, purl);
}

static bool
read_gemspec(struct parts *parts, struct cursor stem, struct purl *purl)
{
	return is(back(parts, 1), "Marshal.4.8") && split_gem(stem, purl);
}

/* Parts that a repository manager puts in front of a group; 0: none here. */
static size_t
maven_prefix(const struct cursor *part, size_t count)
{
	static const struct {
		const char *word, *then; /* NULL: anything */
		size_t count;
	} prefixes[] = {
		{ "repository", NULL, 2 },  /* Nexus 3: /repository/NAME */
		{ "content", "groups", 3 }, /* Nexus 2 */
		{ "content", "repositories", 3 },
		{ "artifactory", NULL, 2 }, /* /artifactory/NAME */
		{ "packages", "maven", 2 }, /* GitLab */
		{ "maven2", NULL, 1 },      /* the registry itself */
		{ "maven", NULL, 1 }, { "m2", NULL, 1 }, /* Gradle's plugins */
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (is(part[0], prefixes[i].word) &&
		    prefixes[i].count <= count &&
		    (prefixes[i].then == NULL || is(part[1], prefixes[i].then)))
			return prefixes[i].count;
	return 0;
}

static bool
begins_groups(struct cursor part)
{
	static const char *const tops[] = { "com", "org", "net", "io", "edu",
		"gov" };

	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
		if (is(part, tops[i]))
			return true;
	return false;
}

/* A '.' would separate parts; what is no identifier is no part. */
static bool
is_group_part(struct cursor part)
{
	for (size_t i = 0; i < part.left; i++)
		if (!is_alnum(part.at[i]) && part.at[i] != '_' &&
		    part.at[i] != '-')
			return false;
	return true;
}

/* Of the parts in front of the artifact, those that are the group. */
static bool
find_group(const struct parts *parts, size_t count, struct cursor *group)
{
	size_t start = 0, prefix;

	for (size_t i = 0; i < count; i++) {
		prefix = maven_prefix(parts->part + i, count - i);
		if (prefix > 0) {
			start = i + prefix;
			break;
		}
		if (begins_groups(parts->part[i])) {
			start = i;
			break;
		}
		if (!is_group_part(parts->part[i]))
			start = i + 1;
	}
	for (size_t i = start; i < count; i++)
		if (!is_group_part(parts->part[i]))
			return false;
	if (start >= count)
		return false;
	*group = first(parts->part[start],
	    (size_t)(parts->part[count - 1].at - parts->part[start].at) +
		parts->part[count - 1].left);
	return true;
}

/* A snapshot's file has the time of its build: 20260331.002158-1. */
static bool
take_snapshot_time(struct cursor *rest)
{
	size_t i = 0;

	if (rest->left < 17 || rest->at[8] != '.' || rest->at[15] != '-')
		return false;
	for (; i < rest->left && (is_digit(rest->at[i]) || i == 8 || i == 15);
	     i++)
		;
	if (i < 17)
		return false;
	*rest = from(*rest, i);
	return true;
}

static bool
take_maven_version(struct cursor *rest, struct cursor version)
{
	struct cursor base = version;

	if (rest->left >= version.left &&
	    equal(first(*rest, version.left), version)) {
		*rest = from(*rest, version.left);
		return true;
	}
	if (!drop_ending(&base, "-SNAPSHOT") || !take_with_dash(rest, base))
		return false;
	return take_snapshot_time(rest);
}

static bool
has_digit(struct cursor text)
{
	for (size_t i = 0; i < text.left; i++)
		if (is_digit(text.at[i]))
			return true;
	return false;
}

static bool
read_maven(struct parts *parts, struct cursor stem, struct purl *purl)
{
	purl->type = PURL_MAVEN;
	purl->name = back(parts, 2);
	purl->version = back(parts, 1);
	if (!has_digit(purl->version) || !take_with_dash(&stem, purl->name) ||
	    !take_maven_version(&stem, purl->version) ||
	    !find_group(parts, parts->count - 3, &purl->space))
		return false;
	if (stem.left == 0)
		return true;
	if (stem.at[0] != '-' || stem.left == 1)
		return false;
	qualify(purl, "classifier", from(stem, 1));
	return true;
}

static bool
read_pom(struct parts *parts, struct cursor stem, struct purl *purl)
{
	if (!read_maven(parts, stem, purl))
		return false;
	qualify(purl, "type", cur_of("pom", 3));
	return true;
}

static bool
read_war(struct parts *parts, struct cursor stem, struct purl *purl)
{
	if (!read_maven(parts, stem, purl))
		return false;
	qualify(purl, "type", cur_of("war", 3));
	return true;
}

static bool
read_aar(struct parts *parts, struct cursor stem, struct purl *purl)
{
	if (!read_maven(parts, stem, purl))
		return false;
	qualify(purl, "type", cur_of("aar", 3));
	return true;
}

static bool
contains(struct cursor text, const char *word)
{
	size_t len = strlen(word);

	for (; text.left >= len; text = from(text, 1))
		if (is(first(text, len), word))
			return true;
	return false;
}

/* Who built a Debian package, `pool` being the parts behind "pool". */
static const char *
deb_vendor(const struct parts *parts, size_t pool, struct cursor version)
{
	static const char *const vendors[] = { "ubuntu", "debian" };
	struct cursor directory = back(parts, pool + 1);

	if (contains(version, "ubuntu"))
		return "ubuntu";
	if (contains(version, "+deb"))
		return "debian";
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (has_word(directory, vendors[i]))
			return vendors[i];
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (has_word(parts->host, vendors[i]))
			return vendors[i];
	return "";
}

/* A pool's files are named "1%3a2.0", and the '%' is then encoded itself. */
static void
decode_epoch(struct parts *parts, struct cursor *version)
{
	size_t at = (size_t)((const char *)version->at - parts->text);
	size_t len = 0;

	while (len < version->left && is_digit(version->at[len]))
		len++;
	if (len == 0 || version->left - len < 3 || version->at[len] != '%' ||
	    version->at[len + 1] != '3' || (version->at[len + 2] | 0x20) != 'a')
		return;
	parts->text[at + len] = ':';
	memmove(parts->text + at + len + 1, parts->text + at + len + 3,
	    version->left - len - 3);
	version->left -= 2;
}

static bool
is_arch(struct cursor text)
{
	for (size_t i = 0; i < text.left; i++)
		if (!is_alnum(text.at[i]) && text.at[i] != '-')
			return false;
	return text.left > 0;
}

static bool
read_deb(struct parts *parts, struct cursor stem, struct purl *purl)
{
	struct cursor arch;
	const char *vendor;
	size_t pool = 1;

	while (pool < parts->count && !is(back(parts, pool), "pool"))
		pool++;
	if (pool == parts->count || !take_field(&stem, '_', &purl->name) ||
	    !take_field(&stem, '_', &purl->version) ||
	    !take_field(&stem, '_', &arch) || stem.at != NULL || !is_arch(arch))
		return false;
	purl->type = PURL_DEB;
	decode_epoch(parts, &purl->version);
	vendor = deb_vendor(parts, pool, purl->version);
	purl->space = cur_of(vendor, strlen(vendor));
	qualify(purl, "arch", arch);
	return true;
}

/* What files are named, and how the rest of the name and path is read. */
static const struct {
	const char *ending;
	enum package_kind kind;
	bool (
	    *read)(struct parts *parts, struct cursor stem, struct purl *purl);
} files[] = {
	{ ".tgz", PACKAGE_FILE, read_npm },
	{ ".whl", PACKAGE_FILE, read_wheel },
	{ ".tar.gz", PACKAGE_FILE, read_sdist },
	{ ".tar.bz2", PACKAGE_FILE, read_sdist },
	{ ".zip", PACKAGE_FILE, read_sdist },
	{ ".crate", PACKAGE_FILE, read_crate },
	{ "download", PACKAGE_FILE, read_download },
	{ ".gem", PACKAGE_FILE, read_gem },
	{ ".gemspec.rz", PACKAGE_METADATA, read_gemspec },
	{ ".jar", PACKAGE_FILE, read_maven },
	{ ".war", PACKAGE_FILE, read_war },
	{ ".aar", PACKAGE_FILE, read_aar },
	{ ".pom", PACKAGE_METADATA, read_pom },
	{ ".deb", PACKAGE_FILE, read_deb },
};

/* Files beside a package: PEP 658, checksums, signatures. */
static bool
drop_ending_beside(struct cursor *name)
{
	static const char *const endings[] = { ".metadata", ".asc", ".md5",
		".sha1", ".sha256", ".sha512" };

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (drop_ending(name, endings[i]))
			return true;
	return false;
}

bool
package_path_read(struct cursor host, struct cursor path,
    struct package_path *out)
{
	struct parts parts;
	struct purl purl = { 0 };
	struct cursor name, stem;
	bool beside = false;

	parts.host = host;
	if (path.left == 0 || path.at[0] != '/' || !split(path, &parts))
		return false;
	name = back(&parts, 0);
	while (drop_ending_beside(&name))
		beside = true;
	/* It would not fit, and where to split it is tried at each '-'. */
	if (name.left > PURL_LEN_MAX)
		return false;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		stem = name;
		if (!drop_ending(&stem, files[i].ending))
			continue;
		out->kind = beside ? PACKAGE_METADATA : files[i].kind;
		return files[i].read(&parts, stem, &purl) &&
		       purl.version.left > 0 &&
		       purl_write(&purl, &out->purl) == NULL;
	}
	return false;
}
