/** What is done with a request whose idempotency key was used before. */
/** A run that says nothing for so long has died with its process, milliseconds. Requests take far less. */
export const RUN_MS = 120_000;

/** What is known of the key. */
export interface KeyUse {
  readonly digest: string;
  readonly ageMs: number;
  /** Null: nobody is carrying it out. */
  readonly run: string | null;
  /** It has changed something, or may have. */
  readonly effect: boolean;
  readonly status: number | null;
}

export type SecondUse = 'conflict' | 'replay' | 'inProgress' | 'answerLost' | { readonly takeOver: string };

/** `replay` the stored answer, `takeOver` what a dead process left without an effect, or why neither. */
export function secondUse(use: KeyUse, digest: string): SecondUse {
  if (use.digest !== digest) return 'conflict';
  if (use.status !== null) return 'replay';
  if (use.run !== null && use.ageMs < RUN_MS) return 'inProgress';
  return use.run === null || use.effect ? 'answerLost' : { takeOver: use.run };
}
