/**
 * What a join token may be, and who may use it. Pure.
 *
 * A token that lets agents in without a person must not work wherever it ends up: one that is good for several agents,
 * or for longer than a day, names the hosts or the networks they come from.
 */

/** What of a request for a token decides about its power. */
export interface TokenWish {
  readonly uses: number;
  readonly ttlSeconds: number;
  readonly autoApprove: boolean;
  readonly hosts: readonly string[];
  readonly networks: readonly string[];
}

/** The longest life of a token that approves by itself and works from everywhere, seconds. */
export const UNBOUND_SECONDS = 86_400;

/** True for a token that is not to be made. */
export function isTooPowerful({ uses, ttlSeconds, autoApprove, hosts, networks }: TokenWish): boolean {
  const bound = hosts.length > 0 || networks.length > 0;
  return autoApprove && !bound && (uses > 1 || ttlSeconds > UNBOUND_SECONDS);
}

export type NotAllowed = 'HOST_NOT_ALLOWED' | 'NETWORK_NOT_ALLOWED';

/**
 * Why this machine may not use the token, or null. Both lists must allow it where both are given. `isInside` judges the
 * address that the listener saw, which the agent cannot choose; the host name is what the agent says.
 */
export function refusalOfUse(
  token: { readonly hosts: readonly string[]; readonly networks: readonly string[] },
  from: { readonly hostname: string; readonly isInside: (network: string) => boolean },
): NotAllowed | null {
  const { hosts, networks } = token;
  if (hosts.length > 0 && !hosts.some((pattern) => fits(pattern, from.hostname))) return 'HOST_NOT_ALLOWED';
  return networks.length > 0 && !networks.some(from.isInside) ? 'NETWORK_NOT_ALLOWED' : null;
}

/** `*` any text, `?` one character, case does not matter. No regular expression: its time is bounded by the lengths. */
function fits(pattern: string, name: string): boolean {
  const [wanted, text] = [pattern.toLowerCase(), name.toLowerCase()];
  let [at, seen, star, resume] = [0, 0, -1, 0];
  while (seen < text.length) {
    if (wanted[at] === '*') {
      [star, resume] = [at, seen];
      at += 1;
    } else if (wanted[at] === '?' || (at < wanted.length && wanted[at] === text[seen])) {
      at += 1;
      seen += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      seen = resume;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
