/** How a catalogue step is declared; the families beside this file hold the declarations. */
import type { z } from 'zod';
import type { StepDeclaration } from '../step.ts';

/** How long a step may take when neither its declaration nor the document says, milliseconds. */
export const STEP_TIMEOUT_MS = 30_000;

/** What a family says about a step; the rest has defaults. */
type Declared<With extends z.ZodType, Output extends z.ZodType> = Pick<
  StepDeclaration<With, Output>,
  'name' | 'summary' | 'with' | 'output' | 'example' | 'effect'
> &
  Partial<StepDeclaration<With, Output>>;

/** A step of version 1.0.0 that needs a plain slot, no capability and no session, unless it says otherwise. */
export function defineStep<With extends z.ZodType, Output extends z.ZodType>(
  declared: Declared<With, Output>,
): StepDeclaration<With, Output> {
  return {
    version: '1.0.0',
    defaultTimeoutMs: STEP_TIMEOUT_MS,
    slot: 'plain',
    capabilities: [],
    needsSession: false,
    ...declared,
  };
}
