/**
 * The OpenAPI document, and the typed client's two halves made of nothing but it: the types of every operation by
 * openapi-typescript, and the table of where to call. Reads sources, not built files: the programs that are built use the
 * client.
 */
import ts from 'typescript';
import openapiTS, { astToString } from 'openapi-typescript';
import { openApiDocument } from '../../control-plane/src/platform/http/openapi.ts';
import { clientTable } from './client-table.ts';
import type { Document } from './document.ts';
import { orUndefined } from './or-undefined.ts';
import { writeOrCompare } from './write.ts';

/** What the client is typed by; `paths` would say it all again. */
const KEPT = ['Json', 'components', 'operations'];
const JSON_TYPE = 'export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };';

const document = openApiDocument() as Document;
const text = `${JSON.stringify(document, null, 2)}\n`;

async function clientTypes(): Promise<string> {
  const nodes = await openapiTS(withoutExamples(document) as never, {
    defaultNonNullable: false,
    // The compiler refuses a value that holds itself there; by a name of its own it does not.
    inject: JSON_TYPE,
    transform: (_, { path }) =>
      path?.endsWith('/schemas/Json') ? ts.factory.createTypeReferenceNode('Json') : undefined,
  });
  const kept = nodes.filter((node) => 'name' in node && KEPT.includes((node.name as { text: string }).text));
  return `/** Generated from control-plane/openapi.json by \`npm run generate\`: not edited by hand. */\n${astToString(kept.map(orUndefined))}`;
}

/** Examples stand in the document; as comments they would be half of the types. */
function withoutExamples<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (name, inner: unknown) => (name === 'example' || name === 'examples' ? undefined : inner)),
  ) as T;
}

await writeOrCompare(
  new Map([
    ['control-plane/openapi.json', text],
    ['shared/src/client/generated/types.ts', await clientTypes()],
    ['shared/src/client/generated/operations.ts', clientTable(document)],
  ]),
);
