/**
 * What the agent asks for values of secrets that are on its premises: one interface, whatever keeps them.
 *
 * Invariants: a value is handed to whoever asked and kept nowhere; it is in no message of an error and in no log line.
 */
import type { Secrets } from '@casare/shared/protocol';

/** A text, or texts by the names of their fields. */
export type SecretValue = Secrets[string];

/** Where a provider finds one secret. */
export interface SecretReference {
  /** What it is called there. */
  readonly path: string;
  /** Of providers that keep versions; absent: the newest. */
  readonly version?: number | undefined;
}

/** A place on the premises that has values of secrets. */
export interface SecretProvider {
  /** As in the settings. */
  readonly kind: string;
  /**
   * The value that it has now.
   * @throws Fault with the provider's code, what happened and what to do; `isPassing` says whether waiting may help
   */
  read(reference: SecretReference, signal: AbortSignal): Promise<SecretValue>;
  /** For people: what was reached and as whom, one line. @throws Fault as `read` */
  check(signal: AbortSignal): Promise<string>;
  /** Gives back what it holds (a login). */
  close(): Promise<void>;
}
