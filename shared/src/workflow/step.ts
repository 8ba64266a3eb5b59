/**
 * What a step of the catalogue declares about itself (workflow-language.md, "Steps"). Control plane, agent, docs and
 * editor read the same declaration; the agent's executor implements it.
 */
import { z } from 'zod';
import type { Effect, OnRestart } from '../protocol/run-events.ts';
import type { SlotKind } from '../protocol/messages.ts';

/** A catalogue function. `name` and `version` make the call reference `name:version@default`. */
export interface StepDeclaration<With extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  /** Dotted name, such as `browser.click`. */
  readonly name: string;
  /** Exact version, such as `1.0.0`. */
  readonly version: string;
  /** One sentence for docs and editors. */
  readonly summary: string;
  readonly with: With;
  readonly output: Output;
  /** Arguments as a document would write them, for docs and editors; expressions may stand for values. */
  readonly example: Readonly<Record<string, unknown>>;
  readonly effect: Effect;
  /** How long one call may take when the document sets no timeout, milliseconds. */
  readonly defaultTimeoutMs: number;
  readonly slot: SlotKind;
  /** Capabilities an agent must have, such as `browser.chromium`. */
  readonly capabilities: readonly string[];
  /** True when the step reads or changes a live session that a restarted worker does not have. */
  readonly needsSession: boolean;
  /** Arguments that a document must write out: an expression there is refused. */
  readonly literals?: readonly string[];
}

/** The restart rule that an effect class implies; document, then task, may override it. */
export function restartRuleOf(effect: Effect): OnRestart {
  return effect === 'idempotent' ? 'rerun' : effect === 'checkable' ? 'verify' : 'suspend';
}
