/**
 * What the data steps have in common. They read files, and write files under a name: a repetition gives the same, so
 * all are idempotent.
 */
export const data = { effect: 'idempotent' } as const;

/** How long a file may take to be read or written, milliseconds. */
export const FILE_MS = 120_000;
