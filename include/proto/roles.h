/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry points of the roles that the one binary plays: `husk ROLE ...` re-executes itself and
 * runtime-shim/main.c calls the function of the role with argv[0] naming the role. Each returns
 * the exit status of its process.
 */
#pragma once

int sentry_main(int argc, char **argv);  /* husk boot: sentry/main.c */
int gofer_main(int argc, char **argv);   /* husk gofer: gofer/main.c */
int broker_main(int argc, char **argv);  /* husk broker: gofer/broker.c */
int monitor_main(int argc, char **argv); /* husk monitor: runtime-shim/monitor.c */
/* Prints the table of system calls (format table, json, csv): sentry/syscalls. */
int syscall_table_main(const char *format);
