/* SPDX-License-Identifier: Apache-2.0 */
/* "#!" lines of all kinds, with this program as the interpreter that shows its arguments. */
#include <fcntl.h>
#include <limits.h>

#include "lib/show.h"

extern char **environ;
static char self[PATH_MAX];

static void script(const char *name, const char *line)
{
	make_file(name, line);
	NEED(chmod(name, 0755) == 0);
}

static void try(const char *path, char *const argv[])
{
	int st;

	printf("-- %s\n", path);
	if (fork() == 0) {
		execve(path, argv, environ);
		printf("execve: %s\n", errno_name(errno));
		_exit(0);
	}
	wait(&st);
	if (st)
		show_status("status", st);
}

int main(int argc, char **argv)
{
	char line[PATH_MAX + 400], *two[] = { "zero", "one", "two", NULL }, *none[] = { NULL };

	NEED(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	if (argc > 1 || getenv("AS_INTERPRETER")) {
		for (int i = 0; i < argc; i++)
			printf("argv[%d] = %s\n", i, strcmp(argv[i], self) ? argv[i] : "(self)");
		printf("comm ");
		char comm[32] = "";
		int fd = open("/proc/self/comm", O_RDONLY);

		NEED(read(fd, comm, 31) > 0);
		printf("%s", comm);
		return 0;
	}
	setenv("AS_INTERPRETER", "1", 1);
	symlink(self, "i");
#define SCRIPT(name, ...) (snprintf(line, sizeof(line), __VA_ARGS__), script(name, line))
	SCRIPT("plain", "#!i\nrest\n");
	try("plain", two);
	try("./plain", two);
	try("plain", none);
	SCRIPT("arg", "#!./i an argument  with spaces \t \n");
	try("arg", two);
	SCRIPT("space", "#! \t ./i\tx\n");
	try("space", two);
	SCRIPT("noline", "#!./i end");
	try("noline", two);
	SCRIPT("bare", "#!./i");
	try("bare", two);
	SCRIPT("empty", "#!\n");
	try("empty", two);
	SCRIPT("blank", "#!   \n");
	try("blank", two);
	SCRIPT("missing", "#!/no/such/interpreter\n");
	try("missing", two);
	SCRIPT("notexec", "#!./data\n");
	make_file("data", "data");
	try("notexec", two);
	SCRIPT("dir", "#!.\n");
	try("dir", two);
	SCRIPT("nested", "#!./arg more\n");
	try("nested", two);
	SCRIPT("n1", "#!./nested\n");
	SCRIPT("n2", "#!./n1\n");
	SCRIPT("n3", "#!./n2\n");
	try("n1", two);
	try("n2", two);
	try("n3", two);
	SCRIPT("loop", "#!./loop\n");
	try("loop", two);
	/* longer than the kernel reads: an argument is cut, an interpreter is not */
	snprintf(line, sizeof(line), "#!./i ");
	memset(line + 6, 'a', 300);
	strcpy(line + 306, "\n");
	script("longarg", line);
	try("longarg", two);
	memset(line + 2, 'b', 300);
	script("longname", line);
	try("longname", two);
	script("text", "echo no magic\n");
	try("text", two);
	script("void", "");
	try("void", two);
	return 0;
}
