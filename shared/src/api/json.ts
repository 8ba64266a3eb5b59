/** Any JSON value: inputs, outputs, details. One schema with a name, where `z.json()` would be a new one at each place. */
import { z } from 'zod';

export type Json = z.core.util.JSONType;
export const Json: z.ZodType<Json, Json> = z
  .lazy(() => z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(Json), z.record(z.string(), Json)]))
  .meta({ id: 'Json', description: 'Any JSON value.' });
