/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that moves bytes between pairs of descriptors, each only as fast as it is read. A
 * stream is shared by the thread and its starter; it lives until both have let go of it.
 */
#pragma once

#include <stdbool.h>

struct stream;

int copy_thread_start(void);
/* Moves what comes from src to dst until its end; takes both descriptors. NULL: out of memory. */
struct stream *copy_start(int src, int dst);
/* Waits until everything up to the end of src is delivered, at most ms; false: not yet. */
bool copy_wait(struct stream *s, int ms);
/* From now on src counts as ended as soon as nothing is in it. */
void copy_cut(struct stream *s);
/* Ends it at once: what has not been delivered is dropped. */
void copy_stop(struct stream *s);
/* The starter lets go; what is left goes on being delivered. */
void copy_put(struct stream *s);
/* Waits until no stream is left, at most ms without any progress. */
void copy_drain(int ms);
