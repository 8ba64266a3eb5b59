/** The steps for files, in the order the docs list them. */
import { copy } from './copy.ts';
import { remove } from './delete.ts';
import { exists } from './exists.ts';
import { list } from './list.ts';
import { move } from './move.ts';
import { unzip } from './unzip.ts';
import { waitFor } from './wait-for.ts';
import { zip } from './zip.ts';

export const FILES_STEPS = { list, copy, move, delete: remove, exists, zip, unzip, waitFor } as const;
