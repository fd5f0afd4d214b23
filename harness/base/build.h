/* What this program was built from: it stands in every record, so that a number can be traced to its code. */
#ifndef ROOFLAB_BUILD_H
#define ROOFLAB_BUILD_H

const char *build_commit(void);   /* short hash, "-dirty" after it where tracked files were changed, or "unknown" */
const char *build_compiler(void); /* for example "gcc 12.2.0" */
const char *build_flags(void);    /* compiler flags, as given to the compiler */

#endif
