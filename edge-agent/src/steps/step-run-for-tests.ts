/** A run without an engine for steps that need no session: calls them and keeps what they hand over. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DEFAULT_EVIDENCE, findStep } from '@casare/shared/workflow';
import type { ArtifactAbout, StepContext } from '../engine/index.ts';
import { unrestricted } from '../policy/index.ts';
import { createStepRegistry } from './index.ts';

/** What a call may have that others have not. */
type CallOptions = Partial<
  Pick<
    StepContext,
    'artifact' | 'earlierFiles' | 'usesSecret' | 'timeoutMs' | 'signal' | 'policy' | 'position' | 'checkSecretAddress'
  >
>;

export interface StepRun {
  readonly folder: string;
  /** Names of what was stored, in order. */
  readonly artifacts: string[];
  /** Calls a step as the engine does: arguments and output are parsed by the declaration. */
  call(name: string, args: unknown, options?: CallOptions): Promise<unknown>;
  /** The absolute path of a file of the run. */
  path(name: string): string;
  /** Puts a file there, as if an earlier step had. */
  put(name: string, content: string | Uint8Array): Promise<void>;
  bytes(name: string): Promise<Buffer>;
  text(name: string): Promise<string>;
  end(): Promise<void>;
}

export async function newStepRun(): Promise<StepRun> {
  const folder = await mkdtemp(join(tmpdir(), 'casare-steps-'));
  const registry = createStepRegistry({ home: folder, env: {}, platform: process.platform });
  const artifacts: string[] = [];
  const path = (name: string): string => join(folder, 'files', name);
  return {
    folder,
    artifacts,
    path,
    call: async (name, args, options = {}) => {
      const step = registry.find(name);
      const found = findStep(name);
      if (step === null || !found.ok) throw new Error(`no step ${name}`);
      const context: StepContext = {
        signal: new AbortController().signal,
        timeoutMs: 20_000,
        runFolder: folder,
        position: '/do/0/it',
        usesSecret: false,
        holdsSecret: () => false,
        evidence: DEFAULT_EVIDENCE,
        session: new Map(),
        policy: unrestricted,
        see: () => undefined,
        artifact: async (_file: string, about: ArtifactAbout) => void artifacts.push(about.name),
        log: async () => {},
        ...options,
      };
      const output = await step.run(found.step.with.parse(args), context);
      return found.step.output.parse(output);
    },
    put: async (name, content) => {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), content);
    },
    bytes: (name) => readFile(path(name)),
    text: (name) => readFile(path(name), 'utf8'),
    end: () => rm(folder, { recursive: true, force: true }),
  };
}
