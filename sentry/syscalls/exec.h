/* SPDX-License-Identifier: Apache-2.0 */
/* The upcall by which the kernel loads the program of a new process: kernel_upcalls.exec_load. */
#pragma once

struct exec_image;
struct exec_request;
struct task;

int exec_load_request(struct task *t, const struct exec_request *req, struct exec_image *ret_img);
