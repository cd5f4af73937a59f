/* SPDX-License-Identifier: Apache-2.0 */
/* Identities: those of a thread for the file system, and those that a process keeps. All return -errno on failure. */
#ifndef WEIR_CLINUX_USERS_H
#define WEIR_CLINUX_USERS_H

#include <stddef.h>
#include <sys/types.h>

/* Makes the calling thread, and no other, act on files as this user. Needs CAP_SETUID and CAP_SETGID. Refuses uid 0 and gid 0. */
int clinux_assume_user(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/* Leaves root for good: the process becomes uid and gid, without supplementary groups, and keeps CAP_SETUID and CAP_SETGID only.
   Call it while the process has one thread. */
int clinux_keep_setid(uid_t uid, gid_t gid);

#endif
