/** For tests: asks `POST /graphql` of a control plane. */
import type { FormattedExecutionResult } from 'graphql';

/** For tests that walk through the schema: there is one `graphql`, that of the control plane. */
export { getNamedType, isEnumType, isInputObjectType, isNonNullType, isObjectType } from 'graphql';
export type { GraphQLField, GraphQLInputType, GraphQLNamedType, GraphQLOutputType } from 'graphql';

/** The answer, with its errors' codes. */
export interface Answered {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly codes: readonly unknown[];
  readonly errors: NonNullable<FormattedExecutionResult['errors']>;
  readonly body: { readonly code?: string };
  readonly text: string;
}

/** Sends anything as the body. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const answer = JSON.parse(text) as {
    data?: Record<string, unknown> | null;
    errors?: Answered['errors'];
    code?: string;
  };
  const errors = answer.errors ?? [];
  const codes = errors.map(({ extensions }) => extensions?.['code']);
  return { status: response.status, data: answer.data, codes, errors, body: answer, text };
}

export type Ask = (query: string, variables?: Record<string, unknown>) => Promise<Answered>;

/** Asks as who has the key. */
export function askerWith(url: string, apiKey: string): Ask {
  return (query, variables) =>
    post(url, { query, ...(variables ? { variables } : {}) }, { authorization: `Bearer ${apiKey}` });
}

/** What stands at a place of the data. */
export function at({ data }: Answered, ...path: readonly (string | number)[]): unknown {
  let value: unknown = data;
  for (const step of path) value = (value as Record<string | number, unknown>)[step];
  return value;
}

/** The same, where it is a text. */
export function textAt(answer: Answered, ...path: readonly (string | number)[]): string {
  return String(at(answer, ...path));
}
