#include "iocs/feed_time.h"

#define US_PER_SECOND 1000000

/* Digits of a count of seconds since 1970, the years 1973 to 2286. */
#define EPOCH_DIGITS_MIN 9
#define EPOCH_DIGITS_MAX 10

static bool
is_next(struct cursor c, char octet)
{
	return c.left > 0 && c.at[0] == octet;
}

static bool
take(struct cursor *c, char octet)
{
	return is_next(*c, octet) && cur_skip(c, 1);
}

/* Exactly `digits` digits, at most `max`. */
static bool
take_number(struct cursor *c, int digits, unsigned max, unsigned *out)
{
	unsigned value = 0;
	uint8_t octet;

	for (int i = 0; i < digits; i++) {
		if (!cur_u8(c, &octet) || octet < '0' || octet > '9')
			return false;
		value = value * 10 + (octet - '0');
	}
	*out = value;
	return value <= max;
}

static bool
is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
take_date(struct cursor *c, int64_t *days)
{
	static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212,
		243, 273, 304, 334, 365 };
	unsigned year, month, day, length, past;

	if (!take_number(c, 4, 9999, &year) || year < 1970 || !take(c, '-') ||
	    !take_number(c, 2, 12, &month) || month == 0 || !take(c, '-') ||
	    !take_number(c, 2, 31, &day) || day == 0)
		return false;
	length = before[month] - before[month - 1];
	if (month == 2 && is_leap(year))
		length++;
	if (day > length)
		return false;
	past = year - 1;
	*days = (int64_t)(year - 1970) * 365 + (past / 4 - 1969 / 4) -
	        (past / 100 - 1969 / 100) + (past / 400 - 1969 / 400) +
	        before[month - 1] + (day - 1);
	if (month > 2 && is_leap(year))
		(*days)++;
	return true;
}

/* ".5" and the like; digits past the sixth are read and dropped. */
static bool
take_fraction(struct cursor *c, int64_t *us)
{
	int64_t unit = US_PER_SECOND / 10;

	if (!take(c, '.'))
		return true;
	if (c->left == 0 || c->at[0] < '0' || c->at[0] > '9')
		return false;
	for (; c->left > 0 && c->at[0] >= '0' && c->at[0] <= '9'; unit /= 10) {
		*us += (c->at[0] - '0') * unit;
		if (!cur_skip(c, 1))
			return false;
	}
	return true;
}

static bool
take_clock(struct cursor *c, int64_t *us)
{
	unsigned hour, minute, second = 0;

	if (!take_number(c, 2, 23, &hour) || !take(c, ':') ||
	    !take_number(c, 2, 59, &minute))
		return false;
	/* 60: a leap second. */
	if (take(c, ':') && !take_number(c, 2, 60, &second))
		return false;
	*us += (int64_t)(hour * 3600 + minute * 60 + second) * US_PER_SECOND;
	return take_fraction(c, us);
}

static bool
take_zone(struct cursor *c, int64_t *us)
{
	unsigned hour, minute;
	int64_t sign = is_next(*c, '-') ? 1 : -1;

	if (take(c, 'Z') || take(c, 'z'))
		return true;
	if (take(c, '+') || take(c, '-')) {
		if (!take_number(c, 2, 23, &hour))
			return false;
		(void)take(c, ':');
		if (!take_number(c, 2, 59, &minute))
			return false;
		*us += sign * (int64_t)(hour * 3600 + minute * 60) *
		       US_PER_SECOND;
		return true;
	}
	(void)take(c, ' ');
	return c->left == 0 || (take(c, 'U') && take(c, 'T') && take(c, 'C'));
}

static bool
read_epoch(struct cursor text, uint64_t *out_us)
{
	uint64_t seconds = 0;

	if (text.left < EPOCH_DIGITS_MIN || text.left > EPOCH_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.left; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		seconds = seconds * 10 + (text.at[i] - '0');
	}
	*out_us = seconds * US_PER_SECOND;
	return true;
}

bool
feed_time_read(struct cursor text, uint64_t *out_us)
{
	int64_t days, us = 0;

	if (read_epoch(text, out_us))
		return true;
	if (!take_date(&text, &days))
		return false;
	if (text.left > 0) {
		if (!take(&text, 'T') && !take(&text, 't') && !take(&text, ' '))
			return false;
		if (!take_clock(&text, &us) || !take_zone(&text, &us))
			return false;
	}
	us += days * 86400 * US_PER_SECOND;
	if (text.left > 0 || us < 0)
		return false;
	*out_us = (uint64_t)us;
	return true;
}
