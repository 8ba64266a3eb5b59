/** The version of this control plane: that of its package. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Undefined for a package that does not carry its own description. */
export const CONTROL_PLANE_VERSION: string | undefined = read(new URL('../../package.json', import.meta.url));

function read(file: URL): string | undefined {
  try {
    return z.object({ version: z.string().max(40) }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
  } catch {
    return undefined;
  }
}
