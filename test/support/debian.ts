/** Programs out of Debian's packages for tests, kept below this checkout. */
import { unpackDebian as unpack, type Unpacked } from '../../installer/debian.ts';
import { ROOT } from './program.ts';

export type { Unpacked };

/** The packages, downloaded once; throws where they cannot be had. `name` is of the folder that keeps them. */
export function unpackDebian(name: string, packages: readonly string[]): Promise<Unpacked> {
  return unpack(ROOT, name, packages);
}
