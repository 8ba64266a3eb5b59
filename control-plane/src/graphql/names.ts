/**
 * What the types are called: by the `id` of their schema, which is also their name in OpenAPI, by the name under which
 * `shared` exports the schema, or by where they stand (`JobReview` is the member `review` of `Job`).
 */
import * as api from '@casare/shared/api';
import * as protocol from '@casare/shared/protocol';
import * as workflow from '@casare/shared/workflow';
import { z } from 'zod';

const exported = new Map<z.core.$ZodType, string>();
for (const part of [workflow, protocol, api]) {
  for (const [name, value] of Object.entries(part)) if (value instanceof z.ZodType) exported.set(value, name);
}

/** The name of the schema itself; `null` for one that stands in another one only. */
export function ownName(schema: z.ZodType): string | null {
  return schema.meta()?.id ?? exported.get(schema) ?? null;
}

/** `review` of `Job` is `JobReview`. */
export function nameWithin(parent: string, member: string): string {
  return `${parent}${member[0]!.toUpperCase()}${member.slice(1)}`;
}

/** Values of enumerations are names in GraphQL: what else they hold becomes `_`; an order from the greatest down says so. */
export function valueName(value: string): string {
  const name = value.startsWith('-') ? `${value.slice(1)}_desc` : value;
  return name.replaceAll(/\W/g, '_');
}
