/** Accounts of services of Windows, by number. */
import { createHash } from 'node:crypto';

/** The account of a service (`NT SERVICE\name`): its number follows from its name. */
export function serviceSid(name: string): string {
  const hash = createHash('sha1').update(Buffer.from(name.toUpperCase(), 'utf16le')).digest();
  return `S-1-5-80-${[0, 4, 8, 12, 16].map((at) => hash.readUInt32LE(at)).join('-')}`;
}
