/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd is told without asking: in the order in which it happened, by a thread of its
 * own, through containerd's ttrpc socket or, where none was given, its publish command. containerd
 * may be away for a while: events wait for it, up to a limit.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

int events_start(void);
/* topic "/tasks/start", type "containerd.events.TaskStart". */
void events_publish(const char *topic, const char *type, const ProtobufCMessage *m);
/* Waits until all are delivered, at most ms. */
void events_flush(int ms);
