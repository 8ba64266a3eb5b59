/** The request that calls an operation with what a document gives: pure, and refused where it does not fit. */
import { nearest, type Json } from '@casare/shared/workflow';
import { encodeBody, textOf } from './content.ts';
import type { Call } from './exchange.ts';
import { invalid } from './failures.ts';
import type { Operation, Parameter } from './openapi-document.ts';

type Given = Readonly<Record<string, Json>>;

const SEPARATORS: Readonly<Record<string, string>> = { spaceDelimited: ' ', pipeDelimited: '|', tabDelimited: '\t' };

/**
 * The request. A parameter is named as the operation names it; `body` is the body, and what else the body's schema names
 * is a member of it.
 * @throws StepFailure OPENAPI_PARAMETER_MISSING, OPENAPI_PARAMETER_UNKNOWN, HTTP_BODY_INVALID
 */
export function requestFor(operation: Operation, given: Given, redirect: boolean): Call {
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const of = (place: Parameter['in']): [Parameter, Json][] =>
    operation.parameters.flatMap((parameter): [Parameter, Json][] => {
      if (parameter.in !== place || !Object.hasOwn(values, parameter.name)) return [];
      return [[parameter, values[parameter.name] ?? null]];
    });
  const rest = restOf(operation, values);
  checkRequired(operation, values);
  const url = new URL(addressOf(operation, of('path')));
  for (const [parameter, value] of of('query')) {
    for (const [name, text] of queryPairs(parameter, value)) url.searchParams.append(name, text);
  }
  const cookies = of('cookie').map(([{ name }, value]) => `${name}=${encodeURIComponent(listText(value, ','))}`);
  const headers: Record<string, string> = {
    ...Object.fromEntries(of('header').map(([{ name }, value]) => [name.toLowerCase(), listText(value, ',')])),
    ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
  };
  const body = bodyFrom(operation, of('body')[0]?.[1], of('form'), rest);
  const call = { method: operation.method, url, redirect };
  if (body === null) return { ...call, headers, body: null };
  const { bytes, contentType } = encodeBody(body, operation.bodyType ?? 'application/json');
  return { ...call, headers: { 'content-type': contentType, ...headers }, body: bytes };
}

function checkRequired({ parameters, bodyRequired, bodyMembers }: Operation, values: Given): void {
  const isGiven = (parameter: Parameter): boolean =>
    Object.hasOwn(values, parameter.name) || (parameter.in === 'body' && Object.hasOwn(values, 'body'));
  const missing = parameters.find((parameter) => parameter.required && !isGiven(parameter));
  const hasBody =
    !bodyRequired || Object.hasOwn(values, 'body') || (bodyMembers ?? []).some((name) => Object.hasOwn(values, name));
  const name = missing?.name ?? (hasBody || bodyMembers?.length === 0 ? null : 'body');
  if (name === null) return;
  const how = `Give ${name} under with.parameters.`;
  throw invalid('OPENAPI_PARAMETER_MISSING', `The operation needs the parameter ${name.slice(0, 200)}`, how);
}

/** What is no parameter: the body, or members of it. */
function restOf({ parameters, bodyType, bodyMembers }: Operation, values: Given): Given {
  const known = new Set(parameters.map(({ name }) => name));
  const rest = Object.entries(values).filter(([name]) => !known.has(name));
  const allowed = new Set(bodyType === null ? [] : ['body', ...(bodyMembers ?? rest.map(([name]) => name))]);
  const stranger = rest.find(([name]) => !allowed.has(name))?.[0];
  if (stranger === undefined) return Object.fromEntries(rest);
  const meant = nearest(stranger, [...known, ...allowed]);
  throw invalid(
    'OPENAPI_PARAMETER_UNKNOWN',
    `The operation has no parameter ${stranger.slice(0, 200)}`,
    meant === undefined
      ? `It has: ${[...known, ...allowed].slice(0, 20).join(', ') || 'none'}.`
      : `Did you mean ${meant}?`,
  );
}

function addressOf({ base, path }: Operation, values: readonly [Parameter, Json][]): string {
  const filled = values.reduce((text, [{ name }, value]) => text.replaceAll(`{${name}}`, () => pathText(value)), path);
  return `${base.replace(/\/+$/, '')}/${filled.replace(/^\/+/, '')}`;
}

/** Each item encoded, so that data cannot leave its segment; a segment of dots would, as browsers read addresses. */
function pathText(value: Json): string {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const text = items.map((item) => encodeURIComponent(textOf(item))).join(',');
  if (text !== '' && !/^\.{1,2}$/.test(text)) return text;
  throw invalid(
    'OPENAPI_PARAMETER_INVALID',
    'A parameter of the path cannot be sent',
    'It is empty, or only dots: the address would be another one.',
  );
}

function queryPairs({ name, style, explode }: Parameter, value: Json): [string, string][] {
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map(textOf);
    return explode ? items.map((item) => [name, item]) : [[name, items.join(SEPARATORS[style] ?? ',')]];
  }
  if (!isRecord(value)) return [[name, textOf(value)]];
  const members = Object.entries(value);
  if (style === 'deepObject') return members.map(([key, member]) => [`${name}[${key}]`, textOf(member)]);
  if (explode) return members.map(([key, member]) => [key, textOf(member)]);
  return [[name, members.flatMap(([key, member]) => [key, textOf(member)]).join(',')]];
}

function listText(value: Json, separator: string): string {
  return Array.isArray(value) ? (value as readonly Json[]).map(textOf).join(separator) : textOf(value);
}

function bodyFrom(
  { bodyType }: Operation,
  whole: Json | undefined,
  form: readonly [Parameter, Json][],
  rest: Given,
): Json | null {
  if (form.length > 0) return Object.fromEntries(form.map(([{ name }, value]) => [name, value]));
  if (whole !== undefined) return whole;
  if (bodyType === null || Object.keys(rest).length === 0) return null;
  const { body, ...members } = rest;
  if (body === undefined) return members;
  return isRecord(body) ? { ...body, ...members } : body;
}

function isRecord(value: Json): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
