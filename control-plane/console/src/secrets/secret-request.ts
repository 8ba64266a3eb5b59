/** What the form of a secret asks for. Values are taken as they are typed: what stands around them belongs to them. Pure. */
import { SecretRequest } from '@casare/shared/api';
import { FieldFault } from '../ui/form-faults.ts';
import { listOf, numberOf, textOf } from '../ui/use-form.ts';

/** Which field a refusal is about. */
export const CODES: Readonly<Record<string, string>> = {
  SECRET_VALUE_NEEDED: 'value',
  SECRET_IS_SEALED: 'name',
  SECRETS_FULL: 'name',
};

/** @throws ZodError; FieldFault where a value is missing or half there. */
export function requestOf(fields: FormData, { needed }: { readonly needed: boolean }): SecretRequest {
  const value = valueOf(fields);
  if (value === undefined && needed) throw new FieldFault('value', 'Type the value.');
  return SecretRequest.parse({
    ...(value !== undefined && { value }),
    ...aboutOf(fields),
    allowedSteps: ruleOf(fields, 'allowedSteps'),
    allowedOrigins: ruleOf(fields, 'allowedOrigins'),
  });
}

/** What may be said of a sealed secret too: its rules are sealed with the value. @throws ZodError */
export function aboutRequestOf(fields: FormData): SecretRequest {
  return SecretRequest.parse(aboutOf(fields));
}

function aboutOf(fields: FormData): object {
  const days = numberOf(fields, 'rotateAfterDays');
  return { description: textOf(fields, 'description'), rotateAfterDays: days ?? null };
}

function ruleOf(fields: FormData, name: string): readonly string[] | null {
  const items = listOf(fields, name);
  return items.length === 0 ? null : items;
}

function valueOf(fields: FormData): string | Record<string, string> | undefined {
  const names = fields.getAll('member').map((name) => String(name).trim());
  const values = fields.getAll('value').map(String);
  if (names.length === 0) return values[0] === '' ? undefined : values[0];
  const members = names.map((name, index) => [name, values[index] ?? ''] as const);
  const given = members.filter(([name, value]) => name !== '' || value !== '');
  if (given.length === 0) return undefined;
  if (given.some(([name, value]) => name === '' || value === '')) {
    throw new FieldFault('value', 'Each member needs a name and a value.');
  }
  if (new Set(given.map(([name]) => name)).size < given.length) {
    throw new FieldFault('value', 'Two members have the same name.');
  }
  return Object.fromEntries(given);
}
