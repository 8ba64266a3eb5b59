/** A part: the whole control plane, as `casare up` runs it, on the bench's database. */
import { writeHeapSnapshot } from 'node:v8';
import { startControlPlane, type RunningControlPlane } from '../../../control-plane/dist/main.js';
import { readConfig } from '../../../control-plane/dist/platform/config.js';
import { serve } from '../frame/child.ts';
import { usage, usageAfterGc } from './usage.ts';

let running: RunningControlPlane | null = null;

const questions = {
  /** Gives the tunnel's port. */
  start: async (): Promise<number> => {
    running = await startControlPlane(readConfig(process.env));
    return Number(new URL(running.urls.tunnel).port);
  },
  /** Where its REST interface answers. */
  web: async (): Promise<string> => running!.urls.web,
  usage: async () => usage(),
  usageAfterGc: () => usageAfterGc(),
  /** For whoever looks for what a tunnel holds. */
  snapshot: async (file: string) => writeHeapSnapshot(file),
};
/** What may be asked of a server of this bench. */
export type ServerQuestions = typeof questions;

serve(questions, async () => running?.stop());
