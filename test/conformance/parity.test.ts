/** The comparison with CasareRPA names operations that there are, and names them as the document of the API does. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;
}

test('every operation that the comparison names is in the document of the API', () => {
  const { paths } = JSON.parse(text('control-plane/openapi.json')) as Document;
  const operations = new Set(
    Object.values(paths).flatMap((path) => Object.values(path).map((each) => each.operationId)),
  );
  const rows = text('docs/parity.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| there') && !line.startsWith('| ---'));
  const names = rows.flatMap((row) =>
    [...row.matchAll(/`([a-z][A-Za-z]+\.[a-z][A-Za-z]+)`/g)].map(([, name]) => name!),
  );
  // What goes over the tunnel is no operation of REST.
  const tunnel = ['job.assign', 'run.events'];
  expect(names.filter((name) => !operations.has(name) && !tunnel.includes(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(50);
  // Each row says what there is, or why there is nothing.
  expect(rows.filter((row) => !/`|by design not|later/.test(row.split('|')[2] ?? ''))).toEqual([]);
});
