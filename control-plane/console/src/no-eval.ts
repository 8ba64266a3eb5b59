/** Imported before any schema is made: zod would otherwise try `new Function`, which our security policy reports. */
import { config } from 'zod';

config({ jitless: true });
