/** Every operation that lists things has one shape (ADR 0046). Nothing here names a list: a new one is found by its answer. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ENDPOINTS, FILTERS, PageQuery, type Endpoint } from './index.ts';

/** What answers with items and is no list that one pages through, and why. */
const NO_LISTS: Readonly<Record<string, string>> = {
  'signOn.providers': 'what the sign-in page of a tenant shows; public, at most 20',
  'trust.expirations': 'a report of things of several kinds, the first to end first, and whether there are more',
};

/** What lists sort by that their items do not show, and why. */
const NOT_SHOWN: Readonly<Record<string, string>> = { 'secrets.sealingKeys': 'createdAt' }; // that of the agent

const shapeOf = ({ answer }: Endpoint) =>
  typeof answer === 'object' && answer.json instanceof z.ZodObject ? answer.json.shape : {};
const lists = ENDPOINTS.filter(
  (endpoint) => endpoint.method === 'GET' && 'items' in shapeOf(endpoint) && !(endpoint.id in NO_LISTS),
);

it('the lists are found', () => {
  expect(lists.length).toBeGreaterThan(25);
  expect(ENDPOINTS.filter(({ list }) => list !== undefined)).toEqual(lists);
});

describe.each(lists.map((endpoint) => [endpoint.id, endpoint] as const))('%s', (id, endpoint) => {
  const { list, query } = endpoint;
  const shape = shapeOf(endpoint) as Record<string, z.ZodType>;

  it('answers with items and the cursor of the next page', () => {
    expect(Object.keys(shape)).toEqual(['items', 'nextCursor']);
    expect(shape['nextCursor']!.safeParse(null).success).toBe(true);
  });

  it('takes a limit of 1 to 200, 50 unless said otherwise, a cursor, an order, and its filters; nothing else', () => {
    const members = query!.shape as Record<string, unknown>;
    expect(members['limit']).toBe(PageQuery.shape.limit);
    expect(members['cursor']).toBe(PageQuery.shape.cursor);
    expect(Object.keys(members)).toEqual(['limit', 'cursor', 'sort', ...list!.filters]);
    const { limit, sort } = query!.parse({}) as { limit: number; sort: string };
    expect([limit, sort]).toEqual([50, list!.sort[0]]);
    expect(query!.safeParse({ sort: 'toString' }).success).toBe(false);
  });

  it('sorts by what its items show', () => {
    const item = (shape['items'] as z.ZodArray<z.ZodObject>).element;
    const names = [...new Set(list!.sort.map((name) => name.replace(/^-/, '')))];
    expect(names.filter((name) => !(name in item.shape) && NOT_SHOWN[id] !== name)).toEqual([]);
  });

  it('gives its filters the names and schemas that other lists give them', () => {
    for (const [name, schema] of Object.entries(FILTERS)) {
      const own = (query!.shape as Record<string, unknown>)[name];
      if (own !== undefined) expect(own).toBe(schema);
    }
  });
});
