/** `metadata.rpa.record`: what a run keeps of its steps besides their events, and when. */
import { z } from 'zod';

/** `always`: of every step; `onFailure`: of steps that fail. */
const EvidenceWhen = z.enum(['always', 'onFailure', 'never']);

/** What a document says; what it leaves out is kept on failure. */
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

/** The same with nothing left out. */
export type EvidenceRules = Readonly<Record<keyof z.infer<typeof RecordRules>, z.infer<typeof EvidenceWhen>>>;

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
    readonly metadata?:
      { readonly rpa?: { readonly record?: z.infer<typeof RecordRules> | undefined } | undefined } | undefined;
  };
}

/** What a run of the document keeps. */
export function evidenceRulesOf({ document }: Recorded): EvidenceRules {
  const said = document.metadata?.rpa?.record ?? {};
  return {
    screenshots: said.screenshots ?? DEFAULT_EVIDENCE.screenshots,
    trace: said.trace ?? DEFAULT_EVIDENCE.trace,
    network: said.network ?? DEFAULT_EVIDENCE.network,
    console: said.console ?? DEFAULT_EVIDENCE.console,
    accessibility: said.accessibility ?? DEFAULT_EVIDENCE.accessibility,
  };
}
