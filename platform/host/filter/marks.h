/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constants that stand in the built program for values known only at start. They are no plausible
 * argument of any call, so that each place where one occurs is a place to patch.
 */
#pragma once

#define VALUE_PID 0x7e57a001u /* process id of the sentry */
