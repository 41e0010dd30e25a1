/* SPDX-License-Identifier: Apache-2.0 */
/* `husk help syscalls`: the table for people (text), programs (JSON) and spreadsheets (CSV). */
#include "syscalls/table.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char *support_name(const struct syscall_row *row)
{
	switch (row->support) {
	case SUPPORT_FULL:
		return "full";
	case SUPPORT_PARTIAL:
		return "partial";
	case SUPPORT_MISSING:
		return "planned";
	case SUPPORT_DENIED:
		return "denied";
	default:
		return "absent";
	}
}

struct printer {
	FILE *out;
	enum syscall_table_format format;
	bool first;
	unsigned int nr_full, nr_partial, nr_other;
};

/* Notes are our own string literals: the quote is the only character to mind. */
static void put_quoted(FILE *out, const char *s, const char *escaped_quote)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			fputs(escaped_quote, out);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

static void put_nr(FILE *out, int nr, int width, const char *none)
{
	if (nr < 0)
		fprintf(out, "%*s", width, none);
	else
		fprintf(out, "%*d", width, nr);
}

static void row_note(const struct syscall_row *row, char *buf, size_t size)
{
	static const struct {
		int err;
		const char *name;
	} names[] = { { EPERM, "EPERM" },   { ENOSYS, "ENOSYS" },         { ENODEV, "ENODEV" },
		      { EACCES, "EACCES" }, { EOPNOTSUPP, "EOPNOTSUPP" }, { EINVAL, "EINVAL" } };
	const char *err = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (row->err == names[i].err)
			err = names[i].name;
	if (row->err)
		snprintf(buf, size, "%s: %s", err, row->note ? row->note : "");
	else
		snprintf(buf, size, "%s", row->note ? row->note : "");
}

static int print_row(const struct syscall_row *row, void *arg)
{
	struct printer *p = arg;
	char note[256];

	row_note(row, note, sizeof(note));
	switch (p->format) {
	case SYSCALL_TABLE_TEXT:
		put_nr(p->out, row->nr_x86_64, 6, "-");
		put_nr(p->out, row->nr_aarch64, 7, "-");
		if (note[0])
			fprintf(p->out, "  %-24s %-8s %s\n", row->name, support_name(row), note);
		else
			fprintf(p->out, "  %-24s %s\n", row->name, support_name(row));
		break;
	case SYSCALL_TABLE_JSON:
		fprintf(p->out, "%s\n    {\"name\": \"%s\", \"x86_64\": ", p->first ? "" : ",",
			row->name);
		put_nr(p->out, row->nr_x86_64, 0, "null");
		fputs(", \"arm64\": ", p->out);
		put_nr(p->out, row->nr_aarch64, 0, "null");
		fprintf(p->out, ", \"support\": \"%s\", \"note\": ", support_name(row));
		put_quoted(p->out, note, "\\\"");
		fputc('}', p->out);
		break;
	case SYSCALL_TABLE_CSV:
		fprintf(p->out, "%s,", row->name);
		put_nr(p->out, row->nr_x86_64, 0, "");
		fputc(',', p->out);
		put_nr(p->out, row->nr_aarch64, 0, "");
		fprintf(p->out, ",%s,", support_name(row));
		put_quoted(p->out, note, "\"\"");
		fputc('\n', p->out);
		break;
	}
	p->first = false;
	if (row->support == SUPPORT_FULL)
		p->nr_full++;
	else if (row->support == SUPPORT_PARTIAL)
		p->nr_partial++;
	else
		p->nr_other++;
	return ferror(p->out) ? -EIO : 0;
}

int syscall_table_print(FILE *out, enum syscall_table_format format)
{
	struct printer p = { .out = out, .format = format, .first = true };
	int ret;

	if (format == SYSCALL_TABLE_TEXT)
		fprintf(out, "%6s%7s  %-24s %-8s %s\n", "x86-64", "arm64", "name", "support",
			"note");
	else if (format == SYSCALL_TABLE_JSON)
		fputs("{\n  \"syscalls\": [", out);
	else
		fputs("name,x86_64,arm64,support,note\n", out);
	ret = syscall_table_foreach(print_row, &p);
	if (ret)
		return ret;
	if (format == SYSCALL_TABLE_TEXT)
		fprintf(out, "%u full, %u partial, %u not there\n", p.nr_full, p.nr_partial,
			p.nr_other);
	else if (format == SYSCALL_TABLE_JSON)
		fputs("\n  ]\n}\n", out);
	return fflush(out) ? -errno : 0;
}
