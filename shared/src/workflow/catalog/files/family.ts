/**
 * What the steps for files have in common. Reading is idempotent, and so is writing under a name: a repetition gives the
 * same. Moving and deleting take something away, which cannot be repeated.
 */
export const reading = { effect: 'idempotent' } as const;
export const storing = { effect: 'idempotent' } as const;
export const taking = { effect: 'unsafe' } as const;

/** How long a large file may take, milliseconds. */
export const FILE_MS = 300_000;
