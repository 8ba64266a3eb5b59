/** The executors of the steps for files. */
import type { Step } from '../../engine/index.ts';
import { copyStep } from './copy.ts';
import { deleteStep } from './delete.ts';
import { existsStep } from './exists.ts';
import { listStep } from './list.ts';
import { moveStep } from './move.ts';
import { unzipStep } from './unzip.ts';
import { waitForStep } from './wait-for.ts';
import { zipStep } from './zip.ts';

export const FILES: readonly Step[] = [
  listStep,
  copyStep,
  moveStep,
  deleteStep,
  existsStep,
  zipStep,
  unzipStep,
  waitForStep,
];
