/**
 * What is shown of a webhook's address (pure): where it goes, and its last characters, by which people tell two of them apart.
 *
 * Invariant: nothing else of it leaves, since at many receivers whoever has the address may send: no user, password, path or
 * query, and no ending that would be a large part of it.
 */

/** Characters at the end that are shown. */
const ENDING = 4;
/** Of less than this many after the host none are. */
const SECRET_ENOUGH = 20;

/** `https://hooks.example/…3f9a`. */
export function maskedAddress(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  const rest = `${pathname}${search}`;
  return `${protocol}//${host}/…${rest.length < SECRET_ENOUGH ? '' : rest.slice(-ENDING)}`;
}
