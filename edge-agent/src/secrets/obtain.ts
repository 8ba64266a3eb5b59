/**
 * How an attempt comes to the values of its secrets: the control plane gives some (`server` mode, its file of
 * development), and of others only what this agent makes values of. Each such way is a source. Values are obtained when a
 * worker is started, go to that worker, and are kept nowhere.
 *
 * Invariant: a name has one source. The rules of a secret come from where its value comes from.
 */
import type { SecretRulesByName, Secrets, Welcomed } from '@casare/shared/protocol';
import { Fault } from '../fault.ts';

/** What the control plane gave for an attempt: in memory only. */
export type GivenSecrets = Pick<Welcomed, 'secrets' | 'secretRules' | 'sealedSecrets' | 'localSecrets'>;

/** Values, and what each may be used for: in memory only. */
export interface ObtainedSecrets {
  readonly secrets: Secrets;
  readonly secretRules?: SecretRulesByName | undefined;
}

/**
 * Makes values of what is meant for it in what was given; none when there is nothing. The signal: nobody waits any more.
 * @throws Fault what no value has
 */
export type SecretSource = (given: GivenSecrets, signal: AbortSignal) => Promise<ObtainedSecrets>;

/** What was given by value, and what the sources make of the rest. @throws Fault of a source, SECRET_GIVEN_TWICE */
export async function obtainSecrets(
  sources: readonly SecretSource[],
  given: GivenSecrets,
  signal: AbortSignal = new AbortController().signal,
): Promise<ObtainedSecrets> {
  const all: ObtainedSecrets[] = [given, ...(await Promise.all(sources.map((source) => source(given, signal))))];
  const names = all.flatMap(({ secrets }) => Object.keys(secrets));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Fault('SECRET_GIVEN_TWICE', `the secret ${twice} came in two ways: ask who runs the control plane`);
  }
  return {
    secrets: Object.assign({}, ...all.map(({ secrets }) => secrets)) as Secrets,
    secretRules: Object.assign({}, ...all.map(({ secretRules }) => secretRules ?? {})) as SecretRulesByName,
  };
}
