/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the jobs that threads of ours hand to Swift's global executor. There should be none. */
#ifndef WEIR_CGLOBALEXECUTOR_H
#define WEIR_CGLOBALEXECUTOR_H

/* Begins to count, in the whole process. */
void global_executor_watch(void);
long global_executor_jobs(void);

#endif
