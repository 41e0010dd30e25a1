#include <errno.h>
#include <stdint.h>
#include <string.h>
#include "kernel/kernel.h"
#include "kernel/exec.h"
#include "syscalls/exec.h"
#include "fs/pseudo/pseudo.h"
#include "time/timer.h"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define W __attribute__((weak))
W int exec_load_request(struct task *t, const struct exec_request *req, struct exec_image *img) { return -ENOEXEC; }
W void signal_proc_info(struct task *t, struct signal_proc_info *i) { memset(i, 0, sizeof(*i)); }
W void kernel_loadavg(uint32_t l[3]) { l[0] = l[1] = l[2] = 0; }
W int ktimer_new(void (*fn)(struct ktimer *kt, void *arg), void *arg, struct ktimer **ret_kt) { return -ENOSYS; }
W void ktimer_set(struct ktimer *kt, int64_t d, int64_t p) {}
W void ktimer_free(struct ktimer *kt) {}
W const struct pseudo_node proc_net_nodes[1];
W const struct pseudo_node proc_sysvipc_nodes[1];
