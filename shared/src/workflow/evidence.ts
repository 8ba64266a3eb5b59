/**
 * `metadata.rpa.record`: what a run keeps of its steps besides their events, and when. A document says it, and a task for itself
 * and the tasks inside it; the nearest one that says something of a kind wins.
 */
import { z } from 'zod';

/** `always`: of every step; `onFailure`: of steps that fail. */
const EvidenceWhen = z.enum(['always', 'onFailure', 'never']);

/** What a document or a task says; what none of them says is kept on failure. */
export const RecordRules = z.strictObject({
  /** Pictures before and after a step, secret fields covered; on failure only after. */
  screenshots: EvidenceWhen.optional(),
  /** What a browser trace shows: page, actions and network, scrubbed. */
  trace: EvidenceWhen.optional(),
  /** Requests of the page, one JSON line each, without bodies. */
  network: EvidenceWhen.optional(),
  /** What the page wrote to its console, one JSON line each. */
  console: EvidenceWhen.optional(),
  /** The accessibility tree as text, after the step. */
  accessibility: EvidenceWhen.optional(),
});

export type RecordRules = z.infer<typeof RecordRules>;

/** The same with nothing left out. */
export type EvidenceRules = Readonly<Record<keyof RecordRules, z.infer<typeof EvidenceWhen>>>;

/** What holds where a document says nothing. */
export const DEFAULT_EVIDENCE: EvidenceRules = {
  screenshots: 'onFailure',
  trace: 'onFailure',
  network: 'onFailure',
  console: 'onFailure',
  accessibility: 'onFailure',
};

/** The part of a document that is read here. */
interface Recorded {
  readonly document: {
    readonly metadata?: { readonly rpa?: { readonly record?: RecordRules | undefined } | undefined } | undefined;
  };
}

/** What a run of the document keeps of a step; `around` is what the tasks around it and its own say, merged by `nearerRules`. */
export function evidenceRulesOf({ document }: Recorded, around: RecordRules = {}): EvidenceRules {
  const said = nearerRules(document.metadata?.rpa?.record ?? {}, around);
  return {
    screenshots: said.screenshots ?? DEFAULT_EVIDENCE.screenshots,
    trace: said.trace ?? DEFAULT_EVIDENCE.trace,
    network: said.network ?? DEFAULT_EVIDENCE.network,
    console: said.console ?? DEFAULT_EVIDENCE.console,
    accessibility: said.accessibility ?? DEFAULT_EVIDENCE.accessibility,
  };
}

/** The rules of a task inside of others, kind by kind. */
export function nearerRules(outer: RecordRules, own: RecordRules | undefined): RecordRules {
  return own === undefined ? outer : { ...outer, ...own };
}
