/** Where the numbered migrations are, from the sources and from the build. */
import { fileURLToPath } from 'node:url';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));
